"""Cancel or retry many jobs with one call."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from batchops.access import actor_of
from batchops.errors import NotAllowed
from batchops.shapes import shape
from jobs.api.views import JobView
from jobs.bodies import BulkDoneBody, bulk_body
from jobs.bulk import bulk
from jobs.serializers import BulkBody, FilterFields

PERMISSIONS = {"cancel": "jobs.cancel_job", "retry": "jobs.retry_job"}


class BulkMove(JobView):
    # Which of the two actions is asked for stands in the body; its permission is asked there.
    required_permissions = {"POST": PERMISSIONS["cancel"]}

    @extend_schema(request=BulkBody, responses={200: shape(BulkDoneBody)})
    def post(self, request: Request) -> Response:
        """Cancel or retry the jobs named, or all that match, and say of each what happened."""
        body = BulkBody(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        _require(request, PERMISSIONS[given["action"]])
        matching = FilterFields.filter_of(given["filter"]) if "filter" in given else None
        result = bulk(
            given["action"],
            ids=given.get("ids"),
            matching=matching,
            after=given.get("cursor"),
            actor=actor_of(request),
        )
        return Response(bulk_body(given["action"], result))


def _require(request: Request, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise NotAllowed(f"Your role does not permit this. It needs '{permission}'.")
