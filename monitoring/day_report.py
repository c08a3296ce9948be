"""Read what a report tells of a business day beside its timeline: readings, other runs, moves."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from django.db.models import Case, Q, When

from batchops.db import first_and_total
from monitoring.models import Poll, Run
from monitoring.states import OPEN, RunState

LISTED = 50  # runs that a report names
LONGEST_RUN = timedelta(days=7)  # nothing that began before is looked for among what ended


@dataclass(frozen=True, slots=True)
class Readings:
    """How well CC&B was read on a business day, by its own clock.

    `gap` is the longest time without a good reading, from the day's begin to `until`; None when
    nothing was read at all.
    """

    good: int
    failed: int
    gap: tuple[datetime, datetime] | None

    @property
    def gap_s(self) -> float:
        """Seconds of the longest time without a good reading, 0 when nothing was read."""
        return (self.gap[1] - self.gap[0]).total_seconds() if self.gap else 0


def readings_of(day: date, *, begins_at: datetime, until: datetime) -> Readings:
    """Return how well CC&B was read on `day`, of which `until` is known or to be known."""
    polls = Poll.objects.filter(business_date=day, succeeded=True, source_at__lte=until)
    good = list(polls.order_by("source_at").values_list("source_at", flat=True))
    failed = Poll.objects.filter(
        succeeded=False, started_at__gte=begins_at, started_at__lt=until
    ).count()
    seen = [at for at in good if at is not None]
    gaps = list(pairwise([begins_at, *seen, max(until, begins_at)]))
    longest = max(gaps, key=lambda gap: gap[1] - gap[0]) if seen else None
    return Readings(len(seen), failed, longest)


def runs_outside(day: date, *, steps: Collection[str]) -> tuple[Sequence[Run], int]:
    """Return the day's runs of batches that are no steps, failed ones first, and how many.

    At most 50 are named.
    """
    found = Run.objects.filter(business_date=day).exclude(batch_code__in=steps)
    failed_first = Case(When(state=RunState.FAILED, then=0), default=1)
    return first_and_total(found.order_by(failed_first, "started_at", "id"), LISTED)


def runs_since(moment: datetime) -> tuple[Sequence[Run], int]:
    """Return the runs that go on, began or ended since `moment` of CC&B's clock, newest first.

    The newest 50 are named; with them how many there are.
    """
    moved = Q(started_at__gte=moment) | Q(ended_at__gte=moment) | Q(state__in=OPEN)
    found = Run.objects.filter(moved, started_at__gte=moment - LONGEST_RUN)
    return first_and_total(found.newest_first(), LISTED)
