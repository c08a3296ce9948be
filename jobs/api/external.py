"""Let programs outside take items, keep them, and report how they went."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from batchops.access import actor_of
from batchops.errors import InvalidInput
from batchops.live import patience
from batchops.openapi import refusals
from batchops.shapes import shape
from jobs import lifecycle, outside, queries, states
from jobs.api.views import JobView, PatientView
from jobs.bodies import ClaimedBody, KeptBody, ReportedBody, claim_body, next_body
from jobs.errors import DoneHere, JobNotFound, LostClaim
from jobs.lifecycle import Outcome
from jobs.models import Job
from jobs.serializers import ClaimBody, ResultsBody

WORK = "jobs.work_job"


class Claims(PatientView):
    required_permissions = {"POST": WORK}

    @extend_schema(
        request=ClaimBody,
        responses={200: shape(ClaimedBody), **refusals(JobNotFound, DoneHere)},
    )
    def post(self, request: Request, name: str) -> Response:
        """Take up to `limit` items under a lease; wait up to `wait` seconds for the first."""
        body = ClaimBody(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        job = queries.find_job(name)
        outside.require_external(job)
        lease = None
        if _has_work(job):
            lease = outside.take(job, limit=given["limit"], actor=actor_of(request))
        job = queries.find_job(job.pk)
        if lease is None and _has_work(job) and given["wait"]:
            patience.wait_for(request, f"job:{job.pk}", given["wait"])
        answer: ClaimedBody = {"success": True, **next_body(job), **claim_body(lease)}
        return Response(answer)


class KeepClaim(JobView):
    required_permissions = {"POST": WORK}

    @extend_schema(
        request=None, responses={200: shape(KeptBody), **refusals(JobNotFound, LostClaim)}
    )
    def post(self, request: Request, name: str, token: str) -> Response:
        """Prolong a lease, and hear whether its job is to be cancelled."""
        job = queries.find_job(name)
        wished = lifecycle.keep(job.pk, _token(token))
        lease_s = lifecycle.lease_time(states.ITEMS).total_seconds()
        answer: KeptBody = {
            "success": True,
            "cancelRequested": wished,
            "leaseSeconds": lease_s,
        }
        return Response(answer)


class Results(JobView):
    required_permissions = {"POST": WORK}

    @extend_schema(
        request=ResultsBody,
        responses={200: shape(ReportedBody), **refusals(JobNotFound, LostClaim)},
    )
    def post(self, request: Request, name: str, token: str) -> Response:
        """Report how items of a lease went; it ends with its last item, or by `release`."""
        body = ResultsBody(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        job = queries.find_job(name)
        reported = lifecycle.report(
            job.pk,
            _token(token),
            [_outcome(one) for one in given["results"]],
            gives_back=given["release"],
            actor=actor_of(request),
        )
        outside.ring_if_ended(job.pk)
        answer: ReportedBody = {
            "success": True,
            "accepted": reported.accepted,
            "repeated": reported.repeated,
            "held": reported.held,
            **next_body(queries.find_job(job.pk)),
        }
        return Response(answer)


def _has_work(job: Job) -> bool:
    return job.is_open and job.cancel_requested_at is None


def _token(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        sentence = "Not a claim's token. Take it from the answer to claim."
        raise InvalidInput(sentence, {"token": [sentence]}) from None


def _outcome(given: dict[str, Any]) -> Outcome:
    state = states.FAILED if given["status"] == "failed" else states.SUCCEEDED
    return Outcome(given["itemId"], state, given.get("result"), given.get("error", ""))
