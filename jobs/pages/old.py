"""Lead from the addresses of the old console to the pages of today."""

from django.http import HttpResponse
from django.shortcuts import redirect

from batchops.access import AuthenticatedHttpRequest
from batchops.pages import page
from jobs.pages.links import VIEW


@page(VIEW)
def old_list(request: AuthenticatedHttpRequest) -> HttpResponse:
    return redirect("admin:jobs")


@page(VIEW)
def old_job(request: AuthenticatedHttpRequest, job_id: str) -> HttpResponse:
    return redirect("admin:job", job_id)
