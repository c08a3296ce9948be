"""Start jobs by forms."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from batchops.access import AuthenticatedHttpRequest, actor_of
from batchops.pages import page, render_page
from jobs.forms import DrillForm
from jobs.pages.links import START
from jobs.start import start_job


@page(START, methods=("GET", "POST"))
def new_drill(request: AuthenticatedHttpRequest) -> HttpResponse:
    form = DrillForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        job = start_job(form.order(), actor=actor_of(request))
        return redirect("admin:job", job.pk)
    status = 400 if form.is_bound else 200
    context = {"title": _("Start an engine drill"), "form": form}
    return render_page(request, "jobs/new_drill.html", context, status=status)
