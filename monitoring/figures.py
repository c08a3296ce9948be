"""Reckon the figures of the cards: how well the runs went, and how fast."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import (
    Count,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    Sum,
    Value,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce

from monitoring.models import Run, RunEvent
from monitoring.states import RunState

SUCCESS_WINDOW = timedelta(days=7)
FAILED_WINDOW = timedelta(hours=24)
REPAIRED = (RunState.RUNNING, RunState.COMPLETE)


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of CC&B's runs at a moment of CC&B's clock; what nothing is known of is None.

    `running` are the codes of the batches that run, in their order.
    """

    succeeded: int
    failed: int
    failed_today: int
    repaired_today: int
    records: int
    seconds: int
    running: Sequence[str] = ()

    @property
    def ended(self) -> int:
        return self.succeeded + self.failed

    @property
    def success_pct(self) -> float | None:
        """Successes among the runs that ended with a result in seven days."""
        return round(100 * self.succeeded / self.ended, 1) if self.ended else None

    @property
    def rps(self) -> float | None:
        """Records per second over the day's runs that have records."""
        return self.records / self.seconds if self.seconds else None


def failures_since(moment: datetime) -> QuerySet[RunEvent]:
    """Return the events of runs that came to failed after `moment`, also of those seen later."""
    # A poll never sees a run before it came to its state, so source_at narrows first.
    events = RunEvent.objects.filter(after__state=RunState.FAILED, source_at__gt=moment)
    entered_at = Cast(KT("after__entered_at"), DateTimeField())
    return events.alias(entered_at=entered_at).filter(entered_at__gt=moment)


def figures(*, day: date, source_at: datetime, read_at: datetime | None = None) -> Figures:
    """Return the figures of the cards: three queries, whatever the size of the history.

    `read_at` is when CC&B was last read, by its own clock: what runs on is known until then.
    """
    known_until = read_at or source_at
    week = Run.objects.filter(ended_at__gt=source_at - SUCCESS_WINDOW, ended_at__lte=source_at)
    results = week.aggregate(
        succeeded=Count("ended_at", filter=Q(state=RunState.COMPLETE)),
        failed=Count("ended_at", filter=Q(state=RunState.FAILED)),
    )
    # Of a run that goes on, what it did so far in the time it took so far.
    going = Q(state=RunState.RUNNING, ended_at=None, started_at__lt=known_until)
    lasted = Coalesce(F("ended_at"), Value(known_until, output_field=DateTimeField()))
    took = ExpressionWrapper(lasted - F("started_at"), output_field=DurationField())
    timed = Q(Q(duration_seconds__gt=0) | going, business_date=day, records_processed__gt=0)
    running = Q(state=RunState.RUNNING)
    now = Run.objects.filter(timed | running).aggregate(
        records=Sum("records_processed", filter=timed, default=0),
        lasted=Sum(took, filter=timed, default=timedelta()),
        running=ArrayAgg("batch_code", filter=running, order_by=["started_at", "id"], default=[]),
    )
    entered = failures_since(source_at - FAILED_WINDOW).aggregate(
        failed_today=Count("run", distinct=True),
        repaired_today=Count("run", filter=Q(run__state__in=REPAIRED), distinct=True),
    )
    return Figures(
        **results,
        **entered,
        running=now["running"],
        records=now["records"],
        seconds=round(now["lasted"].total_seconds()),
    )
