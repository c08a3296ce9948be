"""List alerts, show one with its history, and move it."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts import lifecycle, listing, queries, serializers
from alerts.api.active import acknowledge
from alerts.bodies import AlertsBody, MovedBody, WholeAlertBody, alert_body, whole_alert_body
from alerts.errors import AlertNotFound, AlertResolved, NotByHand
from batchops.access import actor_of
from batchops.openapi import refusals
from batchops.paging import Cursor
from batchops.shapes import enveloped, shape

VIEW = {"GET": "alerts.view_alert"}


class Alerts(APIView):
    """List alerts, newest first, a page at a time."""

    required_permissions = VIEW

    @extend_schema(parameters=[serializers.AlertsAsked], responses={200: enveloped(AlertsBody)})
    def get(self, request: Request) -> Response:
        asked = serializers.AlertsAsked(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        after = Cursor.parse(given["cursor"]) if "cursor" in given else None
        alerts, rest = listing.page_of_alerts(asked.wanted(), limit=given["limit"], after=after)
        data: AlertsBody = {
            "alerts": list(map(alert_body, alerts)),
            "nextCursor": str(rest) if rest else None,
        }
        return Response({"success": True, "data": data})


class OneAlert(APIView):
    """Show an alert with its evidence, what happened to it, and its mails."""

    required_permissions = VIEW

    @extend_schema(responses={200: enveloped(WholeAlertBody), **refusals(AlertNotFound)})
    def get(self, request: Request, alert_id: str) -> Response:
        alert = queries.find_alert(int(alert_id))
        with_mails = request.user.has_perm("alerts.view_delivery")
        data = whole_alert_body(alert, with_mails=with_mails)
        return Response({"success": True, "data": data})


class Acknowledge(APIView):
    """Let the caller have an alert; the same call once more changes nothing."""

    required_permissions = {"POST": "alerts.acknowledge_alert"}

    @extend_schema(
        request=serializers.Acknowledgement,
        responses={200: shape(MovedBody), **refusals(AlertNotFound, AlertResolved)},
    )
    def post(self, request: Request, alert_id: str) -> Response:
        return _moved(int(alert_id), acknowledge(request, int(alert_id)))


class Comment(APIView):
    """Add to an alert's history what the caller knows; one that is over takes comments too."""

    required_permissions = {"POST": "alerts.acknowledge_alert"}

    @extend_schema(
        request=serializers.Comment, responses={200: shape(MovedBody), **refusals(AlertNotFound)}
    )
    def post(self, request: Request, alert_id: str) -> Response:
        lifecycle.comment(int(alert_id), **_by_caller(request))
        return _moved(int(alert_id), gettext("The comment is kept in the alert's history."))


class Resolve(APIView):
    """Close by hand an alert whose rule leaves that to people."""

    required_permissions = {"POST": "alerts.resolve_alert"}

    @extend_schema(
        request=serializers.Comment,
        responses={200: shape(MovedBody), **refusals(AlertNotFound, AlertResolved, NotByHand)},
    )
    def post(self, request: Request, alert_id: str) -> Response:
        lifecycle.resolve(int(alert_id), **_by_caller(request))
        return _moved(int(alert_id), gettext("Alert %(id)s is resolved.") % {"id": alert_id})


def _by_caller(request: Request) -> dict[str, Any]:
    body = serializers.Comment(data=request.data)
    body.is_valid(raise_exception=True)
    return {"at": timezone.now(), "actor": actor_of(request), "note": body.validated_data["note"]}


def _moved(alert_id: int, message: str) -> Response:
    data = alert_body(queries.find_alert(alert_id))
    moved: MovedBody = {"success": True, "message": message, "data": data}
    return Response(moved)
