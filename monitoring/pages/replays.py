"""Try other terms of a rule on the past days, look at what they would have told, take them over."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext

from alerts.states import RULES
from batchops.access import AuthenticatedHttpRequest, actor_of, name_of
from batchops.cluster import bells
from batchops.cluster.queries import is_alive
from batchops.db import database_now
from batchops.errors import NotFound
from batchops.looks import Look
from batchops.pages import page, render_page
from monitoring import lifecycle, replaying
from monitoring.errors import ReplayNotFound
from monitoring.models import Replay, Step
from monitoring.rule_forms import TrialForm
from monitoring.rules.catalogue import KINDS
from monitoring.rules.noise import Worth
from monitoring.states import ReplayState

SEE, CHANGE = "monitoring.view_rulesetting", "monitoring.change_rulesetting"
LATELY = 5
LOOKS = {
    ReplayState.ASKED: Look("asked", "Being replayed", "info", "spinner"),
    ReplayState.DONE: Look("done", "Replayed", "ok", "check"),
    ReplayState.FAILED: Look("failed", "Failed", "bad", "x"),
}
WORTHS = {
    Worth.FAILED: Look("failed", "The run failed", "bad", "x"),
    Worth.RESTARTED: Look("restarted", "It had to be restarted", "bad", "retry"),
    Worth.MISSED_DEADLINE: Look("missed", "The deadline was missed", "bad", "clock"),
    Worth.TOOK_LONG: Look("took_long", "It took longer than usual", "warn", "clock"),
    Worth.NEVER_RAN: Look("never_ran", "It did not run that day", "bad", "x"),
    Worth.NO_RESULT: Look("no_result", "It left no result", "warn", "question"),
    Worth.OUT_OF_BAND: Look("out_of_band", "Outside the usual band", "warn", "warning"),
    Worth.LASTED: Look("lasted", "It lasted past the deadline", "warn", "clock"),
    Worth.NOISE: Look("noise", "Noise: in time, as usual", "neutral", "check"),
    Worth.OPEN: Look("open", "Not known yet", "unknown", "question"),
}


@page(SEE, methods=("GET", "POST"))
def try_rule(request: AuthenticatedHttpRequest, rule: str) -> HttpResponse:
    if rule not in KINDS:
        raise NotFound(gettext("There is no rule of this name. Choose one in the rule settings."))
    step = _step(request.GET.get("step", ""))
    form = TrialForm(rule, step, request.POST if request.method == "POST" else None)
    if form.is_valid():
        at, actor = database_now(), actor_of(request)
        asked = lifecycle.ask_replay(form.setting(), form.step_values(), at=at, actor=actor)
        bells.ring(replaying.BELL, cluster="jobs", at_most=replaying.AT_MOST)
        return redirect("admin:replay", asked.pk)
    lately = Replay.objects.filter(rule=rule, step=step).select_related("step").order_by("-pk")
    shown = {
        "title": gettext("Replay %(rule)s") % {"rule": _called(rule, step)},
        "form": form,
        "rule": RULES[rule],
        "step": step,
        "steps": Step.objects.order_by("sequence_order"),
        "lately": [(one, LOOKS[ReplayState(one.state)]) for one in lately[:LATELY]],
    }
    return render_page(request, "monitoring/try_rule.html", shown, status=_status(form))


@page(SEE)
def one_replay(request: AuthenticatedHttpRequest, replay_id: int) -> HttpResponse:
    return render_page(request, "monitoring/replay.html", _replay(request, replay_id))


@page(SEE)
def replay_fragment(request: AuthenticatedHttpRequest, replay_id: int) -> HttpResponse:
    return TemplateResponse(request, "monitoring/_replay.html", _replay(request, replay_id))


@page(CHANGE, methods=("POST",))
def apply_replay(request: AuthenticatedHttpRequest, replay_id: int) -> HttpResponse:
    applied = lifecycle.apply_replay(replay_id, at=database_now(), actor=actor_of(request))
    said = gettext("%(rule)s judges by these terms from the next reading of CC&B on.")
    messages.success(request, said % {"rule": applied.rule})
    return redirect("admin:replay", replay_id)


def _status(form: TrialForm) -> int:
    return 400 if form.is_bound else 200


def _step(code: str) -> Step | None:
    if not code:
        return None
    step = Step.objects.filter(batch_code=code).first()
    if step is None:
        said = gettext("The workflow has no step %(code)s. Its steps stand on Today.")
        raise NotFound(said % {"code": code[:40]})
    return step


def _replay(request: AuthenticatedHttpRequest, replay_id: int) -> dict[str, Any]:
    found = Replay.objects.select_related("step").filter(pk=replay_id).first()
    if found is None:
        raise ReplayNotFound(
            gettext("There is no replay %(id)s; they are kept for a month. Replay the rule again.")
            % {"id": replay_id}
        )
    result = found.result or {}
    return {
        "title": gettext("Replay of %(rule)s") % {"rule": _called(found.rule, found.step)},
        "replay": found,
        "look": LOOKS[ReplayState(found.state)],
        "who": name_of(found.asked_by, request.user.get_username()),
        "applier": name_of(found.applied_by, request.user.get_username()),
        "terms": list(_terms(found)),
        "result": result,
        "is_applied": found.applied_at is not None,
        "more": len(result.get("rows", ())) < result.get("told", 0),
        "rows": [_row(row) for row in result.get("rows", ())],
        "workers_alive": is_alive("jobs"),
        "again": _address(found.rule, found.step),
        "may_apply": request.user.has_perm(CHANGE),
    }


def _terms(found: Replay) -> Any:
    """Return each term with what holds now and what was tried; `changed` where they differ."""
    now = (found.held["own"] or found.held["all"]) or {"enabled": True, "thresholds": {}}
    yield _term(gettext("The rule is on"), *map(_yes, (now["enabled"], found.enabled)))
    kind = KINDS[found.rule]
    for each in kind.thresholds:
        held, tried = (of.get(each.name) for of in (now["thresholds"], found.thresholds))
        label = f"{gettext(each.label)} ({gettext(each.unit)})"
        yield _term(label, held, tried)
    for name, held in found.held["step"].items():
        field: Any = Step._meta.get_field(name)
        label = str(field.verbose_name).capitalize()
        yield _term(label, held, found.step_values.get(name, held))


def _term(label: str, held: Any, tried: Any) -> dict[str, Any]:
    return {"label": label, "held": held, "tried": tried, "changed": held != tried}


def _yes(value: object) -> str:
    return gettext("yes") if value else gettext("no")


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "look": WORTHS[Worth(row["worth"])],
        "lead_s": (row["tried"] or row["held"])["lead_s"],
        "later_s": -(row["earlier_s"] or 0),
        "held": _times(row["held"]),
        "tried": _times(row["tried"]),
    }


def _times(told: dict[str, Any] | None) -> dict[str, Any] | None:
    return told and {
        **told,
        "opened_at": parse_datetime(told["opened_at"]),
        "resolved_at": told["resolved_at"] and parse_datetime(told["resolved_at"]),
    }


def _called(rule: str, step: Step | None) -> str:
    return f"{rule} ({step.batch_code if step else gettext('all steps')})"


def _address(rule: str, step: Step | None) -> str:
    return reverse("admin:try_rule", args=[rule]) + (f"?step={step.batch_code}" if step else "")
