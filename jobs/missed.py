"""Raise an alert on each schedule whose last start was missed, or that cannot start at all."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse

from alerts.lifecycle import Outcome, reconcile
from alerts.states import Finding, Severity
from batchops.cluster.ticks import Tick, register
from batchops.db import database_now
from batchops.errors import InvalidInput
from jobs import queries, states
from jobs.models import Schedule, ScheduleSlot
from jobs.scheduling import cron_of

Evidence = Mapping[str, Mapping[str, Any]]

RULE = "MISSED_SCHEDULE"
ACTOR = "system:schedule"


def register_ticks() -> None:
    """Let the wrapper of a watch cluster judge what was missed."""
    register(Tick("jobs.missed-schedules", "watch", timedelta(seconds=5), judge))


def judge() -> None:
    """Open and resolve the alerts on missed starts as things stand by the database's clock."""
    judge_starts(database_now())


def judge_starts(at: datetime) -> Outcome:
    """Make MISSED_SCHEDULE agree with the schedules at `at`; twice changes nothing.

    A miss is over when the schedule starts again or is switched off. Misses that follow each
    other are one trouble.
    """
    every = list(queries.schedules())
    findings = [found for each in every if each.enabled and (found := _find(each))]
    reasons = {_key(each): _why_over(each) for each in every}
    return reconcile(RULE, findings, at=at, actor=ACTOR, reasons=reasons)


def _why_over(schedule: Schedule) -> str:
    if schedule.enabled:
        return "The schedule started a job again."
    return "The schedule was switched off."


def _find(schedule: Schedule) -> Finding | None:
    try:
        cron_of(schedule)
    except InvalidInput as error:
        said = f"cannot be read, so it never starts: {error.message} Edit its cron text."
        return _finding(schedule, said, {"expected": {}, "seen": {"cron": schedule.cron}})
    last = queries.last_decided(schedule)
    return _missed(schedule, last) if last and last.outcome == states.MISSED else None


def _missed(schedule: Schedule, slot: ScheduleSlot) -> Finding:
    due = slot.due_at.astimezone(settings.SITE_ZONE).strftime("%d %b %H:%M")
    window_s = schedule.late_window.total_seconds()
    evidence: Evidence = {
        "expected": {"due_at": slot.due_at.isoformat(), "started_within_s": window_s},
        "seen": {"reason": slot.reason, "given_up_at": slot.decided_at.isoformat()},
    }
    said = f"missed its start of {due}. {slot.reason} Start it by hand if it is still needed."
    return _finding(schedule, said, evidence)


def _finding(schedule: Schedule, said: str, evidence: Evidence) -> Finding:
    return Finding(
        key=_key(schedule),
        severity=Severity.WARNING,
        message=f"Schedule '{schedule.name}' {said}",
        evidence=evidence,
        subject=schedule.name,
        subject_url=reverse("admin:schedules"),
    )


def _key(schedule: Schedule) -> str:
    return f"schedule:{schedule.pk}"
