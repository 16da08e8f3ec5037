"""What is one's own, over the API: translate, call a service, respond."""

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.requests import ApiRequest
from chatsite.api import FormView
from chatsite.db import release
from chatsite.errors import NotFound
from chatsite.files.serving import file_response
from chatsite.renderers import JSONRenderer
from chatsite.serializers import checked
from messaging.api import schema_exports as schema
from messaging.payloads import export_payload, import_payload
from messaging.queries.exports import export_of, find_export, no_export
from messaging.queries.imports import import_of
from messaging.serializers import ImportSerializer
from messaging.services.exports import begin_export, remove_export
from messaging.services.imports import begin_import, remove_import


class ExportView(APIView):
    """Everything of one's own, in one ZIP."""

    @schema.export
    def get(self, request: ApiRequest) -> Response:
        export = export_of(request.user)
        if export is None:
            raise no_export()
        return Response(export_payload(export))

    @schema.begin
    def post(self, request: ApiRequest) -> Response:
        export = begin_export(user=request.user)
        return Response(export_payload(export), status=status.HTTP_202_ACCEPTED)

    @schema.remove
    def delete(self, request: ApiRequest) -> Response:
        remove_export(user=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ExportFileView(APIView):
    """The ZIP, for its owner."""

    renderer_classes = (JSONRenderer,)

    @schema.download
    def get(self, request: ApiRequest) -> HttpResponseBase:
        export = find_export(request.user)
        release()
        return file_response(
            export.stored,
            tag=export.pk,
            reader=request.user.pk,
            content_type="application/zip",
            name=f"chatsite-{export.created_at:%Y-%m-%d}.zip",
            as_attachment=True,
        )


class ImportView(FormView):
    """A history from elsewhere."""

    serializer_class = ImportSerializer

    @schema.history_import
    def get(self, request: ApiRequest) -> Response:
        row = import_of(request.user)
        if row is None:
            raise NotFound(_("There is no import."))
        return Response(import_payload(row))

    @schema.begin_import
    def post(self, request: ApiRequest) -> Response:
        fields = checked(ImportSerializer, request.data)
        row = begin_import(user=request.user, **fields)
        return Response(import_payload(row), status=status.HTTP_202_ACCEPTED)

    @schema.remove_import
    def delete(self, request: ApiRequest) -> Response:
        remove_import(user=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
