"""Answer programs about bill stop (docs/api.md)."""

from datetime import date
from typing import Any

from django.http import StreamingHttpResponse
from django.urls import URLPattern, re_path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from batchops.access import actor_of
from batchops.ccb.errors import CcbNotConfigured
from batchops.errors import NotFound
from batchops.exports import TooManyExports, TooManyRows, TooSlow, stream
from batchops.exports.described import FILES
from batchops.openapi import refusals
from batchops.shapes import shape
from batchops.throttles import StatusThrottle
from jobs.errors import AlreadyRunning
from jobs.models import Job
from jobs.types.bill_stop import bodies, exports, queries
from jobs.types.bill_stop.serializers import (
    ConnectionExportQuery,
    CrpExportQuery,
    DataQuery,
    HistoryQuery,
)
from jobs.types.bill_stop.trigger import trigger

VIEW = "jobs.view_job"
START = "jobs.start_job"
CUSTOMER = "jobs.view_customer"


class NoLists(NotFound):
    """Say that there are no lists, of that day or at all."""

    code = "no_lists"


class Status(APIView):
    required_permissions = {"GET": VIEW}
    throttle_classes = [StatusThrottle]

    @extend_schema(responses={200: shape(bodies.BillStopStatusBody)})
    def get(self, request: Request) -> Response:
        """Say whether a bill-stop run is under way, and how the newest one stands."""
        job = queries.latest()
        return _answer(
            {
                "isRunning": job is not None and job.is_open,
                "latestBatch": bodies.run_body(job) if job else None,
            }
        )


class Trigger(APIView):
    required_permissions = {"POST": START}

    @extend_schema(
        request=None,
        responses={
            200: shape(bodies.BillStopTriggeredBody),
            **refusals(AlreadyRunning, CcbNotConfigured),
        },
    )
    def post(self, request: Request) -> Response:
        """Start a bill-stop run, unless one is under way."""
        job = trigger(actor=actor_of(request), viewer=request.user.get_username())
        message = _("The bill stop job has started. It takes 10 to 30 minutes.")
        return _answer({"message": message, "jobId": job.pk})


class History(APIView):
    required_permissions = {"GET": VIEW}

    @extend_schema(parameters=[HistoryQuery], responses={200: shape(bodies.BillStopHistoryBody)})
    def get(self, request: Request) -> Response:
        """List the last bill-stop runs, newest first."""
        limit = _asked(HistoryQuery, request)["limit"]
        return _answer({"history": [bodies.past_body(job) for job in queries.runs()[:limit]]})


class Data(APIView):
    required_permissions = {"GET": VIEW}

    @extend_schema(
        parameters=[DataQuery],
        responses={200: shape(bodies.BillStopDataBody), **refusals(NoLists)},
    )
    def get(self, request: Request) -> Response:
        """Hand out the lists of the newest run that completed, or of a day's: CRPs and connections.

        Names, addresses and phones are null without the permission `jobs.view_customer`.
        """
        asked = _asked(DataQuery, request)
        job = _shown(asked.get("batchDate"))
        if job is None:
            nothing = queries.Totals(0, 0, 0)
            empty: dict[str, Any] = {"summary": [], "details": [], "batchInfo": None}
            return _answer({**empty, "statistics": bodies.statistics_body(nothing)})
        return _answer(_lists(job, crp=asked["crp"], personal=request.user.has_perm(CUSTOMER)))


class CrpsExport(APIView):
    required_permissions = {"GET": VIEW}
    http_method_names = ["get", "options"]

    @extend_schema(
        parameters=[CrpExportQuery],
        responses={**FILES, **refusals(NoLists, TooManyRows, TooManyExports, TooSlow)},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Hand out the CRPs that the page's filters leave as XLSX or CSV."""
        asked = _asked(CrpExportQuery, request)
        form, job = asked.pop("format"), _required()
        found = queries.narrowed(queries.crps(job), **asked)
        return stream(exports.crps_export(job, found), form)


class ConnectionsExport(APIView):
    required_permissions = {"GET": VIEW}
    http_method_names = ["get", "options"]

    @extend_schema(
        parameters=[ConnectionExportQuery],
        responses={**FILES, **refusals(NoLists, TooManyRows, TooManyExports, TooSlow)},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Hand out the connections that the page's filters leave as XLSX or CSV.

        Without the permission `jobs.view_customer` there are no columns that say who.
        """
        asked = _asked(ConnectionExportQuery, request)
        form, job = asked.pop("format"), _required()
        personal = request.user.has_perm(CUSTOMER)
        found = queries.connections(job, **asked)
        return stream(exports.connections_export(job, found, personal=personal), form)


def _lists(job: Job, *, crp: str, personal: bool) -> dict[str, Any]:
    crps = queries.crps(job).order_by("crp_account_no")
    connections = queries.connections(job, crp=crp).iterator(chunk_size=1_000)
    return {
        "summary": [
            bodies.crp_body(one) for one in (crps.filter(crp_account_no=crp) if crp else crps)
        ],
        "details": [bodies.connection_body(one, personal=personal) for one in connections],
        "statistics": bodies.statistics_body(queries.totals(job)),
        "batchInfo": bodies.info_body(job),
    }


def _shown(day: date | None) -> Job | None:
    """Return the job whose lists are asked for; None when no run has completed yet.

    :raises NoLists: when that day has none.
    """
    if day is None:
        return queries.shown()
    job = queries.shown_on(day)
    if job is None:
        raise NoLists(
            f"There are no bill-stop lists of {day}: no run completed on that day, or they were "
            "removed. The history names the runs."
        )
    return job


def _required() -> Job:
    job = queries.shown()
    if job is None:
        raise NoLists("No bill-stop run has completed yet. Start one, and ask again.")
    return job


def _asked(query: Any, request: Request) -> dict[str, Any]:
    asked = query(data=request.query_params.dict())
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


def _answer(body: dict[str, Any]) -> Response:
    return Response({"success": True, **body, "timestamp": timezone.now().isoformat()})


BATCH = "^crp-cpc/bill-stop-batch"
urlpatterns: list[URLPattern] = [
    re_path(rf"{BATCH}/?$", Data.as_view(), name="bill-stop"),
    re_path(rf"{BATCH}/status/?$", Status.as_view(), name="bill-stop-status"),
    re_path(rf"{BATCH}/trigger/?$", Trigger.as_view(), name="bill-stop-trigger"),
    re_path(rf"{BATCH}/history/?$", History.as_view(), name="bill-stop-history"),
    re_path(rf"{BATCH}/crps/export/?$", CrpsExport.as_view(), name="bill-stop-crps-export"),
    re_path(
        rf"{BATCH}/connections/export/?$",
        ConnectionsExport.as_view(),
        name="bill-stop-connections-export",
    ),
]
