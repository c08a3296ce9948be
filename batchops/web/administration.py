"""List what can be set, in groups and with what each is for, as far as one may see it."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpResponse
from django.urls import path
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from batchops.access import AuthenticatedHttpRequest
from batchops.pages import page, render_page


@dataclass(frozen=True, slots=True)
class Group:
    """Models of the stock admin that belong together, by label, each with what it is for."""

    title: str | Promise
    models: dict[str, str | Promise]


GROUPS = (
    Group(
        _("Watching CC&B"),
        {
            "monitoring.step": _(
                "The steps of the daily workflow: when each begins, how long it "
                "may take, what it waits for."
            ),
            "monitoring.monitoringconfig": _(
                "How often CC&B is read, where a business day begins, "
                "by when it must be done, how long runs are kept."
            ),
            "monitoring.rulesetting": _(
                "Which rules judge which step, from which threshold on, "
                "and whether they only record."
            ),
            "monitoring.calendarday": _(
                "Month ends and holidays; each kind of day is compared with its own kind."
            ),
            "monitoring.plannedoutage": _(
                "Times at which CC&B, or a step of it, is known not to work; nobody is told then."
            ),
            "monitoring.poll": _(
                "Every reading of CC&B: when, how long, how many runs, what went wrong."
            ),
        },
    ),
    Group(
        _("Telling people"),
        {
            "alerts.alert": _("All alerts, open and past, with everything that happened to each."),
            "alerts.channel": _(
                "Who is told of which alerts and ends of jobs, by mail, chat or "
                "webhook; with a test message."
            ),
            "alerts.escalationstep": _(
                "Who hears next of an alert that nobody acknowledged in time."
            ),
            "alerts.reminder": _("How often it is told again that nobody has an alert."),
            "alerts.silence": _("What nobody is told of for a while, and who said so."),
            "alerts.maintenancewindow": _("Times that come again in which nobody is told."),
            "alerts.bulletin": _("Daily reports and hand-overs by mail: to whom and when."),
            "jobs.jobwatch": _("Who is mailed when jobs of a type, or one job, end."),
            "alerts.delivery": _("Every message that was or is to be sent, with each try."),
        },
    ),
    Group(
        _("Running jobs"),
        {
            "jobs.schedule": _(
                "Jobs that start by themselves: which, when, and what happens to a "
                "start that was missed."
            )
        },
    ),
    Group(
        _("People and programs"),
        {
            "batchops.user": _("Who may log in, and with which role."),
            "auth.group": _("The roles, and what each may do."),
            "batchops.apitoken": _(
                "Keys by which programs use the API: made, shown once, revoked."
            ),
            "axes.accessattempt": _(
                "Names and addresses whose logins were refused lately; delete "
                "one to let it try again."
            ),
            "axes.accessfailurelog": _("Every login that was refused."),
            "axes.accesslog": _("Every login and logout."),
        },
    ),
)


@page("monitoring.view_step")
def settings(request: AuthenticatedHttpRequest) -> HttpResponse:
    seen = {
        f"{app['app_label']}.{model['object_name'].lower()}": model
        for app in admin.site.get_app_list(request)
        for model in app["models"]
    }
    groups = [(group.title, _rows(group, seen)) for group in GROUPS]
    shown = {"title": gettext("Settings"), "groups": [pair for pair in groups if pair[1]]}
    return render_page(request, "settings.html", shown)


def _rows(group: Group, seen: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"about": about, **seen[label]} for label, about in group.models.items() if label in seen
    ]


urls = [path("settings/", settings, name="settings")]
