"""What is one's own, over the API: translate, call a service, answer."""

from django.http.response import HttpResponseBase
from rest_framework import status
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.requests import ApiRequest
from chatsite.db import release
from chatsite.files.serving import file_response
from chatsite.renderers import JSONRenderer
from messaging.api import schema_exports as schema
from messaging.payloads import export_payload
from messaging.queries.exports import export_of, find_export, no_export
from messaging.services.exports import begin_export, remove_export


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
