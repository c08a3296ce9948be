"""List the items of a job."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from batchops.openapi import refusals
from batchops.shapes import enveloped
from jobs import queries, registry
from jobs.api.views import JobView
from jobs.bodies import ItemsBody, cursor_of, item_body
from jobs.errors import JobNotFound
from jobs.serializers import ItemsQuery


class Items(JobView):
    @extend_schema(
        parameters=[ItemsQuery], responses={200: enveloped(ItemsBody), **refusals(JobNotFound)}
    )
    def get(self, request: Request, name: str) -> Response:
        """List a job's items by position."""
        query = ItemsQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        given = query.validated_data
        job = queries.find_job(name)
        page = queries.page_of_items(
            job.pk,
            **query.filter(),
            limit=given["limit"],
            after=given.get("cursor"),
        )
        hidden = registry.hides_results(job.type, request.user)
        data: ItemsBody = {
            "items": [item_body(item, hidden=hidden) for item in page.rows],
            "nextCursor": cursor_of(page.next_key),
        }
        return Response({"success": True, "data": data})
