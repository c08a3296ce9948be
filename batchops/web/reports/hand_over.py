"""Compose the hand-over list: what one shift leaves to the next, of alerts, runs and jobs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext

from alerts.models import Alert, Bulletin
from alerts.reported import Note, active_in, notes_on, resolved_since
from alerts.states import ACTIVE
from batchops.access import name_of
from batchops.calendar import business_date, moment_in_day
from batchops.db import first_and_total
from jobs.queries import ended_between
from jobs.queries import jobs as all_jobs
from jobs.rows import JobRow
from monitoring import queries
from monitoring.day_report import runs_since
from monitoring.queries import Freshness
from monitoring.shown import RunView, Timeline, view_of
from monitoring.timeline import draw_days

LISTED = 50  # alerts and jobs of each kind that are named
USUAL_SHIFT = timedelta(hours=8)  # where nobody set when shifts change


@dataclass(frozen=True, slots=True)
class Handed:
    """One alert that the next shift takes over: who has it until when, and what was noted."""

    alert: Alert
    holder: str
    notes: Sequence[Note]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """What stands at `at` by our clock, and what happened since `since`.

    `since` is of CC&B's clock, as business days go. `open` waits for somebody, `taken` somebody
    has; of each, of runs and of jobs the totals stand beside what is named.
    """

    at: datetime
    since: datetime
    workflow: Timeline
    open: Sequence[Handed]
    open_total: int
    taken: Sequence[Handed]
    taken_total: int
    resolved: Sequence[Alert]
    resolved_total: int
    runs: Sequence[RunView]
    runs_total: int
    running_jobs: Sequence[JobRow]
    running_total: int
    ended_jobs: Sequence[JobRow]
    ended_total: int

    @property
    def fresh(self) -> Freshness:
        return self.workflow.fresh

    @property
    def headline(self) -> str:
        """Say in a few words what is handed over, for a subject and a heading."""
        said = gettext("%(open)d open, %(taken)d acknowledged, %(jobs)d jobs running")
        return said % {
            "open": self.open_total,
            "taken": self.taken_total,
            "jobs": self.running_total,
        }


def compose(fresh: Freshness, *, since: datetime, recorded: bool = True) -> HandOver:
    """Return what a shift that began at `since`, by CC&B's clock, leaves now.

    Without `recorded`, alerts that only go on record are left out, as mails leave them out.
    """
    at = fresh.at
    here_since = fresh.here(since)
    waiting, taken = (active_in(state, recorded=recorded) for state in ACTIVE)
    open_alerts, open_total = first_and_total(waiting, LISTED)
    taken_alerts, taken_total = first_and_total(taken, LISTED)
    notes = notes_on([*open_alerts, *taken_alerts])
    over = resolved_since(here_since, recorded=recorded).order_by("-resolved_at")
    resolved, resolved_total = first_and_total(over, LISTED)
    runs, runs_total = runs_since(since)
    open_jobs = all_jobs().open().order_by("-created_at")
    running, running_total = first_and_total(open_jobs, LISTED)
    ended, ended_total = ended_between(here_since, at)
    return HandOver(
        at=at,
        since=since,
        workflow=draw_days([None], fresh)[0],
        open=_handed(open_alerts, notes),
        open_total=open_total,
        taken=_handed(taken_alerts, notes),
        taken_total=taken_total,
        resolved=resolved,
        resolved_total=resolved_total,
        runs=[view_of(run, fresh) for run in runs],
        runs_total=runs_total,
        running_jobs=[JobRow.of(job) for job in running],
        running_total=running_total,
        ended_jobs=[JobRow.of(job) for job in ended],
        ended_total=ended_total,
    )


def shift_began(before: datetime, fresh: Freshness, hand_overs: Iterable[Bulletin]) -> datetime:
    """Return when shifts last changed before a moment of CC&B's clock; 8 h ago if never set."""
    today = business_date(before, zone=settings.SITE_ZONE, day_start=fresh.config.day_start)
    days = [queries.day_bounds(today - timedelta(days=n), fresh.config)[0] for n in (0, 1)]
    changes = [
        moment_in_day(begins_at, bulletin.at, zone=settings.SITE_ZONE)
        for bulletin in hand_overs
        for begins_at in days
        if bulletin.at
    ]
    return max((at for at in changes if at < before), default=before - USUAL_SHIFT)


def _handed(alerts: Sequence[Alert], notes: Mapping[int, Sequence[Note]]) -> list[Handed]:
    return [
        Handed(alert, name_of(alert.acknowledged_by, ""), notes.get(alert.pk, ()))
        for alert in alerts
    ]
