"""Look ahead from a business day: what the next one is like, what is usual then, what is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext

from batchops.calendar import moment_in_day
from batchops.errors import InvalidInput
from batchops.kept import Kept
from batchops.web.reports.steps import UsualRuns
from jobs.queries import schedules_on
from jobs.scheduling import cron_of
from monitoring import bands, queries
from monitoring.calendar import Outage
from monitoring.comparable import ENOUGH, HISTORY, usual_runs
from monitoring.models import Step
from monitoring.queries import Freshness
from monitoring.rules.facts import Usual

if TYPE_CHECKING:
    from batchops.web.reports.daily import Moments

STARTS_OF_A_SCHEDULE = 3  # that are named; the rest follows from them

_usual: Kept[UsualRuns] = Kept(1)


@dataclass(frozen=True, slots=True)
class Ahead:
    """One step of the next day: when it is expected, and what is usual on such days."""

    step: Step
    expected_at: datetime
    usual: Usual

    @property
    def has_history(self) -> bool:
        return self.usual.days_counted >= ENOUGH

    @property
    def history(self) -> str:
        """Say from which days that is, or that they are too few."""
        if self.has_history:
            return f"{self.usual.days}, n={self.usual.days_counted}"
        said = gettext("not enough history (%(n)d of %(of)d)")
        return said % {"n": self.usual.days_counted, "of": ENOUGH}


@dataclass(frozen=True, slots=True)
class Start:
    """A start of a schedule of ours that is to come."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the day after the one reported on brings, as far as that is known now."""

    day: date
    kind: str
    deadline_at: datetime
    steps: Sequence[Ahead]
    outages: Sequence[Outage]
    starts: Sequence[Start]


def look_ahead(
    day: date, steps: Sequence[Step], *, moments: "Moments", fresh: Freshness
) -> tuple[Outlook, UsualRuns]:
    """Return what follows `day`, and what is usual for each step on it and on the next day."""
    following = day + timedelta(days=1)
    wanted = [(step.batch_code, on) for step in steps for on in (day, following)]
    codes, span = [step.batch_code for step in steps], (day - HISTORY, following)
    usual = _usual.get(
        tuple(wanted),
        stamp=bands.stamp(codes, span=span, known=moments.known_days),
        reckon=lambda: usual_runs(wanted, moments.known_days),
    )
    begins_at, ends_at = queries.day_bounds(following, fresh.config)
    ahead = [
        Ahead(
            step,
            queries.expected_at(step, following, config=fresh.config, known=moments.known_days),
            usual.get((step.batch_code, following), Usual()),
        )
        for step in steps
    ]
    return Outlook(
        day=following,
        kind=str(moments.known_days.kind_of(following).label),
        deadline_at=moment_in_day(begins_at, fresh.config.day_deadline, zone=settings.SITE_ZONE),
        steps=ahead,
        outages=[
            outage
            for outage in moments.known_days.outages
            if outage.begins_at < ends_at and outage.ends_at > begins_at
        ],
        starts=_starts(moments.until, ends_at) if fresh.source_now < ends_at else [],
    ), usual


def _starts(after: datetime, before: datetime) -> list[Start]:
    """Return the next starts of our schedules in a span, in their order; a few of each."""
    found = []
    for schedule in schedules_on():
        try:
            times = cron_of(schedule).next_times(after, count=STARTS_OF_A_SCHEDULE)
        except InvalidInput:  # an alert says that it cannot be read
            continue
        found += [Start(schedule.name, at) for at in times if at < before]
    return sorted(found, key=lambda start: (start.at, start.name))
