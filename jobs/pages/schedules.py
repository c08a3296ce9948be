"""Show the schedules live, and switch and start them by buttons."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from batchops.access import AuthenticatedHttpRequest, actor_of
from batchops.db import database_now
from batchops.pages import page, render_page
from jobs import lifecycle, scheduling
from jobs.pages.links import START
from jobs.schedule_rows import preview, schedule_rows
from jobs.topics import read_schedules

VIEW_SCHEDULES, CHANGE = "jobs.view_schedule", "jobs.change_schedule"


@page(VIEW_SCHEDULES)
def schedule_list(request: AuthenticatedHttpRequest) -> HttpResponse:
    structure = read_schedules("")["structure"]  # before the list, so that no change is unseen
    shown = {"title": _("Schedules"), "schedules_structure": structure, **_list(request)}
    return render_page(request, "jobs/schedules.html", shown)


@page(VIEW_SCHEDULES)
def schedule_fragment(request: AuthenticatedHttpRequest) -> HttpResponse:
    return render_page(request, "jobs/_schedules.html", _list(request))


@page(VIEW_SCHEDULES)
def schedule_changelist(request: AuthenticatedHttpRequest) -> HttpResponse:
    return redirect("admin:schedules")


@page(CHANGE)
def schedule_preview(request: AuthenticatedHttpRequest) -> HttpResponse:
    lines = preview(request.GET.get("text", ""), at=database_now())
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@page(CHANGE, methods=("POST",))
def enable_schedule(request: AuthenticatedHttpRequest, schedule_id: int) -> HttpResponse:
    schedule = scheduling.enable(schedule_id, actor=actor_of(request))
    messages.success(request, _("%(name)s is switched on.") % {"name": schedule.name})
    return redirect("admin:schedules")


@page(CHANGE, methods=("POST",))
def disable_schedule(request: AuthenticatedHttpRequest, schedule_id: int) -> HttpResponse:
    schedule = lifecycle.disable_schedule(schedule_id, actor=actor_of(request))
    messages.success(request, _("%(name)s is switched off.") % {"name": schedule.name})
    return redirect("admin:schedules")


@page(START, methods=("POST",))
def run_schedule(request: AuthenticatedHttpRequest, schedule_id: int) -> HttpResponse:
    job = scheduling.run_now(schedule_id, actor=actor_of(request))
    messages.success(request, _("The job is started. The schedule's own times stay as they are."))
    return redirect("admin:job", job.pk)


def _list(request: AuthenticatedHttpRequest) -> dict[str, Any]:
    return {
        "rows": schedule_rows(),
        "may_add": request.user.has_perm("jobs.add_schedule"),
        "may_change": request.user.has_perm(CHANGE),
        "may_start": request.user.has_perm(START),
    }
