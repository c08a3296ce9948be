"""Show monitoring to people: the workflow of today, the runs, and the age of what is shown."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from batchops.access import AuthenticatedHttpRequest, actor_of
from batchops.cluster import bells
from batchops.db import database_now
from batchops.errors import InvalidInput
from batchops.pages import page, render_page
from batchops.paging import Cursor
from monitoring import lifecycle, queries, timeline
from monitoring.models import Run, Step
from monitoring.states import LOOKS, RunState

PAGE_ROWS = 25


class RunFilter(forms.Form):
    """Which runs the page lists; an empty field does not narrow."""

    step = forms.ChoiceField(label=_("Step"), required=False)
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[("", _("All")), *((s.value, LOOKS[s].label) for s in RunState)],
    )
    day = forms.DateField(
        label=_("Business day"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        steps = Step.objects.values_list("batch_code", "batch_code")
        self.fields["step"].choices = [("", _("All")), *steps]  # type: ignore[attr-defined]

    def runs(self) -> QuerySet[Run]:
        """Return the runs that were asked for, newest first.

        :raises InvalidInput: when a field holds what it does not offer.
        """
        if not self.is_valid():
            raise InvalidInput(
                gettext("These filters cannot be used: choose from what each of them offers."),
                {name: list(map(str, errors)) for name, errors in self.errors.items()},
            )
        columns = {"step": "batch_code", "status": "state", "day": "business_date"}
        given = {columns[name]: value for name, value in self.cleaned_data.items() if value}
        return Run.objects.filter(**given).newest_first()


def workflow_context(request: HttpRequest) -> dict[str, Any]:
    """Return what `monitoring/_workflow.html` needs; empty for who may not see runs."""
    if not request.user.has_perm("monitoring.view_run"):
        return {}
    drawn = timeline.draw(None, at=timezone.now())
    return {"workflow": drawn, "fresh": drawn.fresh}


def data_age_context(request: HttpRequest) -> dict[str, Any]:
    """Return what `monitoring/_data_age.html` needs; empty for who may not see runs."""
    if not request.user.has_perm("monitoring.view_run"):
        return {}
    return {"fresh": queries.freshness(timezone.now())}


@page("monitoring.view_run")
def workflow_fragment(request: AuthenticatedHttpRequest) -> HttpResponse:
    return TemplateResponse(request, "monitoring/_workflow.html", workflow_context(request))


@page("monitoring.view_run")
def data_age_fragment(request: AuthenticatedHttpRequest) -> HttpResponse:
    return TemplateResponse(request, "monitoring/_data_age.html", data_age_context(request))


@page("monitoring.view_run")
def runs(request: AuthenticatedHttpRequest) -> HttpResponse:
    shown = {"title": gettext("Runs"), "query": request.GET.urlencode(), **_runs(request)}
    return render_page(request, "monitoring/runs.html", shown)


@page("monitoring.view_run")
def runs_fragment(request: AuthenticatedHttpRequest) -> HttpResponse:
    return TemplateResponse(request, "monitoring/_runs.html", _runs(request))


def _runs(request: HttpRequest) -> dict[str, Any]:
    asked = RunFilter(request.GET)
    rows = asked.runs()
    if cursor := request.GET.get("cursor"):
        rows = rows.filter(Cursor.parse(cursor).older("started_at"))
    listed = list(rows[: PAGE_ROWS + 1])
    shown, fresh = listed[:PAGE_ROWS], queries.freshness(timezone.now())
    return {
        "form": asked,
        "filtered": any(asked.cleaned_data.values()),
        "is_first": not cursor,
        "runs": [timeline.view_of(run, fresh) for run in shown],
        "older": _older(request, shown[-1]) if len(listed) > len(shown) else "",
        "fresh": fresh,
    }


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


def _older(request: HttpRequest, last: Run) -> str:
    given = request.GET.copy()
    given["cursor"] = str(Cursor(last.started_at, last.pk))
    return f"{reverse('admin:runs')}?{given.urlencode()}"


urls = [
    path("runs/", runs, name="runs"),
    path("runs/fragment/", runs_fragment, name="runs_fragment"),
    path("runs/poll/", poll_now, name="poll_now"),
    path("runs/try-again/", try_again, name="ccb_try_again"),
    path("workflow/fragment/", workflow_fragment, name="workflow_fragment"),
    path("data-age/fragment/", data_age_fragment, name="data_age_fragment"),
]
