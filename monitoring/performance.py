"""Reckon how well batches went: success and pace of each, its failures, its course over days."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Max, Min, OuterRef, Q, Subquery, Sum

from monitoring import figures, queries
from monitoring.models import Run, RunSample
from monitoring.states import RunState

FAILURES = 50  # that an answer names
ENDED_WITH_RESULT = (RunState.COMPLETE, RunState.FAILED)


@dataclass(frozen=True, slots=True)
class BatchHealth:
    """How the runs of one batch went that ended with a result in a window."""

    batch_code: str
    succeeded: int
    failed: int
    seconds: int
    timed: int
    records: int
    recorded_s: int

    @property
    def total(self) -> int:
        return self.succeeded + self.failed

    @property
    def success_pct(self) -> float:
        return round(100 * self.succeeded / self.total, 1)

    @property
    def avg_duration_s(self) -> int:
        return round(self.seconds / self.timed) if self.timed else 0

    @property
    def avg_rps(self) -> float:
        """Records per second over the runs that have records; 0 without any."""
        return round(self.records / self.recorded_s, 2) if self.recorded_s else 0.0


@dataclass(frozen=True, slots=True)
class StepDayFacts:
    """What the runs of one batch came to on one business day.

    `run_ids` and `states` are those of its runs, in the order in which they began; `left_pending`
    says that measurements still waited which it works off.
    """

    day: date
    batch_code: str
    runs: int
    run_ids: Sequence[int]
    states: Sequence[str]
    records: int
    errors: int
    seconds: int | None
    first_started_at: datetime
    last_ended_at: datetime | None
    left_pending: bool = False

    @property
    def rps(self) -> float | None:
        """Records per second, None without records."""
        return self.records / self.seconds if self.records and self.seconds else None

    @property
    def failed(self) -> int:
        return self.states.count(RunState.FAILED)

    @property
    def state(self) -> RunState:
        """How the day stands, as on Today: an unrepaired error wins, else the latest run."""
        state = RunState.FAILED if self.failed else RunState(self.states[-1])
        return RunState.PENDING if state is RunState.COMPLETE and self.left_pending else state


def health(*, since: datetime, until: datetime) -> list[BatchHealth]:
    """Return how each batch went between two moments of CC&B's clock, by its code; one query.

    As on the cards: runs that ended with a result, and weighed by their seconds.
    """
    ended = Run.objects.filter(ended_at__gt=since, ended_at__lte=until, state__in=ENDED_WITH_RESULT)
    recorded = Q(records_processed__gt=0, duration_seconds__gt=0)
    rows: Any = (
        ended.order_by("batch_code")
        .values("batch_code")
        .annotate(
            succeeded=Count("id", filter=Q(state=RunState.COMPLETE)),
            failed=Count("id", filter=Q(state=RunState.FAILED)),
            seconds=Sum("duration_seconds"),
            timed=Count("duration_seconds"),
            records=Sum("records_processed", filter=recorded),
            recorded_s=Sum("duration_seconds", filter=recorded),
        )
    )
    return [_batch_health(**row) for row in rows]


def _batch_health(batch_code: str, **sums: int | None) -> BatchHealth:
    return BatchHealth(batch_code, **{name: value or 0 for name, value in sums.items()})


def recent_failures(since: datetime) -> list[tuple[Run, str]]:
    """Return the runs that failed after a moment of CC&B's clock, repaired ones too.

    The newest 50, newest first, each with CC&B's message of when it last failed; "" without one.
    """
    failures = figures.failures_since(since).values("run")
    seen = RunSample.objects.filter(run=OuterRef("pk"), state=RunState.FAILED).order_by(
        "-at", "-pk"
    )
    found = Run.objects.filter(pk__in=failures).newest_first()
    runs: Any = found.annotate(failed_with=Subquery(seen.values("error_message")[:1]))
    return [(run, run.error_message or run.failed_with or "") for run in runs[:FAILURES]]


def days_of(batch_codes: Collection[str], *, last_day: date, days: int) -> list[StepDayFacts]:
    """Return what each business day with runs of batches came to, the oldest first.

    One query, and one more for the days that left measurements pending.
    """
    rows: Any = (
        Run.objects.filter(
            batch_code__in=batch_codes,
            business_date__gt=last_day - timedelta(days=days),
            business_date__lte=last_day,
        )
        .order_by("business_date")
        .values("business_date", "batch_code")
        .annotate(
            runs=Count("id"),
            run_ids=ArrayAgg("id", order_by=["started_at", "id"]),
            states=ArrayAgg("state", order_by=["started_at", "id"]),
            records=Sum("records_processed"),
            errors=Sum("records_in_error"),
            seconds=Sum("duration_seconds"),
            first_started_at=Min("started_at"),
            last_ended_at=Max("ended_at"),
        )
    )
    left = queries.left_pending()
    return [_step_day(left=left, **row) for row in rows]


def _step_day(
    *, batch_code: str, business_date: date, left: Collection[tuple[str, date]], **row: Any
) -> StepDayFacts:
    left_pending = (batch_code, business_date) in left
    return StepDayFacts(business_date, batch_code, left_pending=left_pending, **row)
