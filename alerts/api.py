"""Answer programs about alerts (docs/api.md)."""

from django.urls import re_path
from django.utils import timezone
from django.utils.translation import gettext
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts import lifecycle, queries
from batchops.access import actor_of


class ActiveAlerts(APIView):
    """Tell what is open and not acknowledged: worst first, then newest."""

    required_permissions = {"GET": "alerts.view_alert"}

    def get(self, request: Request) -> Response:
        return _uncached({"success": True, "data": queries.active_alerts_facts()})


class Acknowledgement(serializers.Serializer[None]):
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    until = serializers.DateTimeField(required=False, allow_null=True, default=None)


class AcknowledgeAlert(APIView):
    """Let the caller have an alert; the same call once more changes nothing."""

    required_permissions = {"POST": "alerts.acknowledge_alert"}

    def post(self, request: Request, alert_id: int) -> Response:
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
        return _uncached({"success": True, "message": message % {"id": alert_id}})


def _uncached(body: dict[str, object]) -> Response:
    return Response(body, headers={"Cache-Control": "no-store"})


urlpatterns = [
    re_path(r"^active-alerts/?$", ActiveAlerts.as_view(), name="active-alerts"),
    re_path(
        r"^acknowledge-alert/(?P<alert_id>[0-9]{1,18})/?$",
        AcknowledgeAlert.as_view(),
        name="acknowledge-alert",
    ),
]
