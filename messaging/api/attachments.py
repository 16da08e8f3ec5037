"""Attachments over the API: uploads whole (multipart) and resumable (tus), and what is served."""

import io
import re
from datetime import UTC
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils.http import http_date
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.requests import ApiRequest
from chatsite.api import FormView
from chatsite.db import release
from chatsite.errors import DomainError
from chatsite.files import storage, streaming, tus
from chatsite.files.serving import file_response
from chatsite.parsers import JSONParser, MultiPartParser, UploadParser
from chatsite.renderers import JSONRenderer
from chatsite.security.request_limits import UPLOADS, check
from chatsite.serializers import checked
from messaging.api import schema_attachments as schema
from messaging.models import Attachment, AttachmentKind
from messaging.queries.attachments import expires_at, find_attachment, usage
from messaging.serializers import FileQuery, PosterSerializer
from messaging.services import uploads
from messaging.shapes.attachments import attachment_record

# What a form has beside its file: boundaries and the headers of the part.
FORM_ROOM = 2**16
SHOWN = (AttachmentKind.PICTURE, AttachmentKind.VIDEO, AttachmentKind.AUDIO)
_UPLOAD = re.compile("/api/uploads/[^/]+")


def is_upload(method: str, path: str) -> bool:
    """Whether its view reads the body while it arrives."""
    if method == "PATCH":
        return _UPLOAD.fullmatch(path) is not None
    return method == "POST" and path == "/api/attachments"


class AttachmentsView(APIView):
    """A file for a message, in one piece."""

    parser_classes = (UploadParser,)
    renderer_classes = (JSONRenderer,)

    @schema.upload
    def post(self, request: ApiRequest) -> Response:
        check(UPLOADS, request.user.pk)
        return Response(attachment_record(_uploaded(request)), status=status.HTTP_201_CREATED)


class UsageView(APIView):
    """How much room my attachments take."""

    @schema.usage
    def get(self, request: ApiRequest) -> Response:
        return Response(usage(request.user))


class FileView(APIView):
    """An attachment, for those who see its message."""

    throttle_classes = ()  # a page has hundreds of pictures
    renderer_classes = (JSONRenderer,)

    @schema.download
    def get(self, request: ApiRequest, attachment: str, name: str) -> HttpResponseBase:
        query = checked(FileQuery, request.query_params.dict())
        found, once = find_attachment(request.user, attachment, name, opening=query["opening"])
        release()
        response = self._file(request.user.pk, found, is_small=query["thumbnail"])
        if once:
            response.headers["Cache-Control"] = "no-store"
        return response

    def _file(self, reader: str, found: Attachment, *, is_small: bool) -> HttpResponseBase:
        if not is_small:
            return file_response(
                found.stored,
                tag=found.pk,
                reader=reader,
                content_type=found.content_type,
                name=found.name,
                as_attachment=found.kind not in SHOWN,
            )
        return file_response(
            found.thumbnail,
            tag=f"{found.pk}t",
            reader=reader,
            content_type="image/webp",
            name="thumbnail.webp",
            as_attachment=False,
        )


class _TusView(APIView):
    """A resource of the tus protocol, whose version each request but OPTIONS has to name."""

    renderer_classes = (JSONRenderer,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        version = request.headers.get("Tus-Resumable")
        if version != tus.VERSION and request.method != "OPTIONS":
            message = _("Name the version of the protocol: Tus-Resumable: 1.0.0.")
            raise DomainError(message, 412, code="version")

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, tus.Malformed):
            exc = DomainError(_("The header %(name)s cannot be read.") % {"name": exc})
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response.headers["Tus-Resumable"] = tus.VERSION
        response.headers["Cache-Control"] = "no-store"
        if response.status_code == status.HTTP_412_PRECONDITION_FAILED:
            response.headers["Tus-Version"] = tus.VERSION
        return super().finalize_response(request, response, *args, **kwargs)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        headers = {
            "Tus-Version": tus.VERSION,
            "Tus-Extension": tus.EXTENSIONS,
            "Tus-Max-Size": str(settings.ATTACHMENT_MAX_BYTES),
            "Tus-Checksum-Algorithm": ",".join(tus.ALGORITHMS),
        }
        return Response(status=status.HTTP_204_NO_CONTENT, headers=headers)


class UploadsView(_TusView):
    """Begins a resumable upload."""

    @schema.begin_upload
    def post(self, request: ApiRequest) -> Response:
        check(UPLOADS, request.user.pk)
        size = tus.number("Upload-Length", request.headers.get("Upload-Length", ""))
        metadata = tus.metadata(request.headers.get("Upload-Metadata", ""))
        upload = uploads.begin_upload(
            owner=request.user,
            size=size,
            name=metadata.get("filename", ""),
            content_type=metadata.get("filetype", ""),
            duration=metadata.get("duration", ""),
            waveform=metadata.get("waveform", ""),
            is_import=metadata.get("purpose") == "import",
        )
        headers = {"Location": f"/api/uploads/{upload.pk}", **_expiry(upload)}
        return Response(status=status.HTTP_201_CREATED, headers=headers)


class UploadView(_TusView):
    """A resumable upload, which has the key of the attachment that it becomes."""

    def head(self, request: ApiRequest, upload: str) -> Response:
        found = uploads.find_upload(request.user, upload)
        offset = uploads.offset_of(found)
        headers = {"Upload-Offset": str(offset), "Upload-Length": str(found.size)}
        return Response(headers={**headers, **_expiry(found)})

    @schema.continue_upload
    def patch(self, request: ApiRequest, upload: str) -> Response:
        found = uploads.find_upload(request.user, upload)
        if request.content_type != tus.OFFSET_TYPE:
            raise UnsupportedMediaType(request.content_type)
        offset = uploads.receive(
            found,
            offset=tus.number("Upload-Offset", request.headers.get("Upload-Offset", "")),
            read=(streaming.current() or request).read,
            announced=_length(request),
            checksum=tus.checksum(request.headers.get("Upload-Checksum", "")),
            on_evicted=_on_evicted(),
        )
        headers = {"Upload-Offset": str(offset), **_expiry(found)}
        return Response(status=status.HTTP_204_NO_CONTENT, headers=headers)

    @schema.end_upload
    def delete(self, request: ApiRequest, upload: str) -> Response:
        uploads.end_upload(owner=request.user, key=upload)
        return Response(status=status.HTTP_204_NO_CONTENT)


class PosterView(FormView):
    """The poster of a video that is not sent yet."""

    serializer_class = PosterSerializer
    parser_classes = (JSONParser, MultiPartParser)

    @schema.set_poster
    def put(self, request: ApiRequest, upload: str) -> Response:
        fields = checked(PosterSerializer, request.data)
        check(UPLOADS, request.user.pk)
        return Response(
            attachment_record(uploads.set_poster(owner=request.user, key=upload, **fields))
        )


def _expiry(upload: Attachment) -> dict[str, str]:
    return {"Upload-Expires": http_date(expires_at(upload).astimezone(UTC).timestamp())}


def _length(request: ApiRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isdigit() else 0


def _on_evicted() -> uploads.OnEvicted | None:
    """None for a body that is here already."""
    body = streaming.current()
    return body.give_way if body else None


def _uploaded(request: ApiRequest) -> Attachment:
    """The file of a form, written where it is to stay while it arrives."""
    length = _length(request)
    if not length:
        raise DomainError(_("A Content-Length is required."), 411, code="length")
    if length > settings.ATTACHMENT_MAX_BYTES + FORM_ROOM:
        raise uploads.too_large(settings.ATTACHMENT_MAX_BYTES)
    upload = uploads.begin_upload(
        owner=request.user, size=min(length, settings.ATTACHMENT_MAX_BYTES)
    )
    release()  # as long as it is on its way
    try:
        with (
            uploads.receiving(request.user.pk, _on_evicted()),
            storage.uploading(upload.stored) as uploading,
        ):
            request.upload_handlers = [_Written(upload, uploading)]
            if "file" not in request.FILES:
                message = _("Choose a file.")
                raise DomainError(message, code="file", errors={"file": [message]})
        form = request.POST
        uploads.describe_playing(
            upload, duration=form.get("duration", ""), waveform=form.get("waveform", "")
        )
        uploads.complete(upload)
    except UnreadablePostError:
        uploads.discard_upload(upload)
        raise uploads.cut_off() from None
    except BaseException:
        uploads.discard_upload(upload)
        raise
    return upload


class _Written(FileUploadHandler):
    """Of a form with one file, `file`."""

    def __init__(self, upload: Attachment, uploading: storage.Uploading) -> None:
        super().__init__()
        self._upload = upload
        self._uploading = uploading
        self._is_there = False

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        if field_name != "file" or self._is_there:
            raise SkipFile
        super().new_file(field_name, file_name, *args, **kwargs)
        self._is_there = True

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start + len(raw_data) > settings.ATTACHMENT_MAX_BYTES:
            raise uploads.too_large(settings.ATTACHMENT_MAX_BYTES)
        self._uploading.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        if not file_size:
            raise uploads.empty()
        self._uploading.sync()
        uploads.describe(
            self._upload, size=file_size, name=self.file_name, content_type=self.content_type
        )
        # Closed by Django, where what comes after it is refused.
        return UploadedFile(io.BytesIO(), name=self._upload.name, size=file_size)
