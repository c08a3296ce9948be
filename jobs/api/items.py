"""List the items of a job."""

from rest_framework.request import Request
from rest_framework.response import Response

from jobs import queries
from jobs.api.views import JobView
from jobs.bodies import cursor_of, item_body
from jobs.serializers import ItemsQuery


class Items(JobView):
    def get(self, request: Request, name: str) -> Response:
        """List a job's items by position."""
        query = ItemsQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        given = query.validated_data
        page = queries.page_of_items(
            queries.find_job(name).pk,
            state=given.get("status", ""),
            limit=given["limit"],
            after=given.get("cursor"),
        )
        data = {
            "items": [item_body(item) for item in page.rows],
            "nextCursor": cursor_of(page.next_key),
        }
        return Response({"success": True, "data": data})
