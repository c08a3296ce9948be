"""Do the next item of a job, or wait a moment for the cluster to do one."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from batchops.access import actor_of
from batchops.errors import InvalidInput
from batchops.live import patience
from batchops.openapi import refusals
from batchops.shapes import shape
from jobs import outside, queries
from jobs.api.views import PatientView
from jobs.bodies import HandledBody, next_body, reference_of
from jobs.errors import JobNotFound
from jobs.models import Job
from jobs.serializers import NextBody

WAIT_S = 2.0


class ProcessNext(PatientView):
    required_permissions = {"POST": "jobs.work_job"}

    @extend_schema(request=NextBody, responses={200: shape(HandledBody), **refusals(JobNotFound)})
    def post(self, request: Request, name: str) -> Response:
        """Settle one item by the caller's word, or say truly how far the cluster is."""
        body = NextBody(data=request.data)
        body.is_valid(raise_exception=True)
        job = queries.find_job(name)
        external = outside.is_external(job)
        if body.validated_data and not external:
            raise _not_yours(body.validated_data)
        handled = _settle(job, body.validated_data, request) if external and job.is_open else {}
        job = queries.find_job(job.pk)
        settled = patience.seen_first(request, job.settled)
        if not handled and job.is_open and job.settled == settled:
            patience.wait_for(request, f"job:{job.pk}", WAIT_S)
        return Response({"success": True, "itemId": None, **handled, **next_body(job)})


def _not_yours(given: dict[str, Any]) -> InvalidInput:
    sentence = "This job's items are done by the site's own workers. Send an empty body."
    return InvalidInput(sentence, {field: [sentence] for field in given})


def _settle(job: Job, given: dict[str, Any], request: Request) -> dict[str, Any]:
    """Settle the next item; return what the answer says of it, nothing when none was free."""
    result, error = given.get("result"), given.get("error", "")
    item = outside.do_next(job, result=result, error=error, actor=actor_of(request))
    if item is None:
        return {}
    if error:
        return {"itemId": item.id, "itemStatus": "failed", "error": error}
    reference = reference_of(result)
    handled = {"itemId": item.id, "itemStatus": "succeeded"}
    return handled | ({"conversationId": reference} if reference else {})
