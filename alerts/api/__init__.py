"""Answer programs about alerts (docs/api.md)."""

from django.urls import URLPattern, re_path

from alerts.api.active import AcknowledgeAlert, ActiveAlerts
from alerts.api.alerts import Acknowledge, Alerts, Comment, OneAlert, Resolve

ID = r"(?P<alert_id>[0-9]{1,18})"

urlpatterns: list[URLPattern] = [
    re_path(r"^ami-operational/active-alerts/?$", ActiveAlerts.as_view(), name="active-alerts"),
    re_path(
        rf"^ami-operational/acknowledge-alert/{ID}/?$",
        AcknowledgeAlert.as_view(),
        name="acknowledge-alert",
    ),
    re_path(r"^alerts/?$", Alerts.as_view(), name="alerts"),
    re_path(rf"^alerts/{ID}/?$", OneAlert.as_view(), name="alert"),
    re_path(rf"^alerts/{ID}/acknowledge/?$", Acknowledge.as_view(), name="alert-acknowledge"),
    re_path(rf"^alerts/{ID}/comment/?$", Comment.as_view(), name="alert-comment"),
    re_path(rf"^alerts/{ID}/resolve/?$", Resolve.as_view(), name="alert-resolve"),
]
