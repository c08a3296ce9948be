"""Let people have CC&B read now, and tried again."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from batchops.access import AuthenticatedHttpRequest, actor_of
from batchops.cluster import bells
from batchops.db import database_now
from batchops.pages import page
from monitoring import lifecycle, queries


@page("monitoring.poll_ccb", methods=("POST",))
def poll_now(request: AuthenticatedHttpRequest) -> HttpResponse:
    lifecycle.ask_for_poll(at=database_now(), actor=actor_of(request))
    bells.ring("monitoring.tasks.poll", cluster="watch")
    if queries.source().circuit_opened_at:
        messages.warning(
            request,
            gettext("CC&B refused our login, so it is not read. Mend the account, then Try again."),
        )
    else:
        messages.success(request, gettext("CC&B is being read; the page follows by itself."))
    return redirect("admin:runs")


@page("monitoring.poll_ccb", methods=("POST",))
def try_again(request: AuthenticatedHttpRequest) -> HttpResponse:
    lifecycle.try_again(at=database_now(), actor=actor_of(request))
    bells.ring("monitoring.tasks.poll", cluster="watch")
    messages.success(request, gettext("CC&B is tried again; the page follows by itself."))
    return redirect("admin:runs")
