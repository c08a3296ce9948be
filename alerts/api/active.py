"""Answer old consoles: what is open, and that somebody has it."""

from django.utils import timezone
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts import lifecycle
from alerts.bodies import ActiveAlertsBody, SaidBody, active_alerts_body
from alerts.errors import AlertNotFound, AlertResolved
from alerts.serializers import Acknowledgement
from batchops.access import actor_of
from batchops.db import one_moment
from batchops.openapi import refusals
from batchops.shapes import enveloped, shape


class ActiveAlerts(APIView):
    """Tell what is open and not acknowledged: worst first, then newest."""

    required_permissions = {"GET": "alerts.view_alert"}

    @extend_schema(responses={200: enveloped(ActiveAlertsBody)})
    def get(self, request: Request) -> Response:
        with one_moment():
            return Response({"success": True, "data": active_alerts_body()})


class AcknowledgeAlert(APIView):
    """Let the caller have an alert; the same call once more changes nothing."""

    required_permissions = {"POST": "alerts.acknowledge_alert"}

    @extend_schema(
        request=Acknowledgement,
        responses={200: shape(SaidBody), **refusals(AlertNotFound, AlertResolved)},
    )
    def post(self, request: Request, alert_id: str) -> Response:
        said: SaidBody = {"success": True, "message": acknowledge(request, int(alert_id))}
        return Response(said)


def acknowledge(request: Request, alert_id: int) -> str:
    """Let the caller have an alert as the body says; return in a sentence what that changed."""
    body = Acknowledgement(data=request.data)
    body.is_valid(raise_exception=True)
    changed = lifecycle.acknowledge(
        alert_id, at=timezone.now(), actor=actor_of(request), **body.validated_data
    )
    message = (
        gettext("Alert %(id)s is acknowledged.")
        if changed
        else gettext("Alert %(id)s was acknowledged by you already; nothing changed.")
    )
    return message % {"id": alert_id}
