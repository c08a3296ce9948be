"""Let people be mailed when jobs end: one job, or all of a type."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from alerts.models import missing_settings
from batchops.access import AuthenticatedHttpRequest
from batchops.pages import page, render_page
from jobs import lifecycle, queries, registry
from jobs.models import Job
from jobs.pages.links import VIEW
from jobs.queries import watching

LISTED = 100


@page(VIEW, methods=("POST",))
def watch_job(request: AuthenticatedHttpRequest, job_id: str) -> HttpResponse:
    job = queries.find_job(job_id)
    on = request.POST.get("on") == "1"
    lifecycle.watch_job(job.pk, request.user, on=on)
    said = _("You get a mail when this job ends.") if on else _("You get no mail about this job.")
    messages.success(request, said)
    if request.POST.get("next") == "mails":
        return redirect("admin:job_mails")
    return redirect("admin:job", job.pk)


@page(VIEW)
def watch_fragment(request: AuthenticatedHttpRequest, job_id: str) -> HttpResponse:
    job = queries.find_job(job_id)
    return render_page(request, "jobs/_watch.html", watch_context(request, job))


@page(VIEW, methods=("GET", "POST"))
def job_mails(request: AuthenticatedHttpRequest) -> HttpResponse:
    if request.method == "POST":
        chosen = set(request.POST.getlist("end"))
        wanted = {
            name: {wish for wish in lifecycle.WISHES if f"{name} {wish}" in chosen}
            for name in registry.names()
        }
        lifecycle.watch_types(request.user, wanted)
        messages.success(request, _("Saved."))
        return redirect("admin:job_mails")
    shown = {
        "title": _("My mails about jobs"),
        "kinds": _kinds(request),
        "watches": watching.watched_jobs(request.user, limit=LISTED),
        "address": request.user.email,
        "missing": ", ".join(missing_settings()),
    }
    return render_page(request, "jobs/mails.html", shown)


def watch_context(request: AuthenticatedHttpRequest, job: Job) -> dict[str, Any]:
    """Return what `jobs/_watch.html` needs."""
    return {"job": job, "is_watched": watching.is_watched(job, request.user)}


def _kinds(request: AuthenticatedHttpRequest) -> list[dict[str, Any]]:
    held = watching.watched_types(request.user)
    labels = {
        "on_completed": _("completes"),
        "on_failed": _("fails, or completes with errors"),
        "on_cancelled": _("is cancelled"),
    }
    return [
        {
            "label": registry.label_of(name),
            "name": name,
            "wishes": [
                {
                    "value": f"{name} {wish}",
                    "label": labels[wish],
                    "on": name in held and getattr(held[name], wish),
                }
                for wish in lifecycle.WISHES
            ],
        }
        for name in registry.names()
    ]
