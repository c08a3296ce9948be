"""Reckon the figures of the cards: how well the runs went, and how fast."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Count, DateTimeField, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from monitoring.models import RunEvent
from monitoring.states import RunState

SUCCESS_WINDOW = timedelta(days=7)
FAILED_WINDOW = timedelta(hours=24)
# Of a run that goes on counts what it did so far in the time it took so far.
RUNS_SQL = """
    WITH week AS (
        SELECT state FROM batch_execution_logs
         WHERE end_time > %(week_ago)s AND end_time <= %(source_at)s
    ), timed AS (
        SELECT records_processed, coalesce(end_time, %(known_until)s) - start_time AS lasted
          FROM batch_execution_logs
         WHERE business_date = %(day)s AND records_processed > 0
           AND (duration_seconds > 0
                OR state = 'running' AND end_time IS NULL AND start_time < %(known_until)s)
    )
    SELECT (SELECT count(*) FROM week WHERE state = 'complete'),
           (SELECT count(*) FROM week WHERE state = 'failed'),
           (SELECT coalesce(sum(records_processed), 0) FROM timed),
           (SELECT coalesce(extract(epoch FROM sum(lasted)), 0) FROM timed),
           ARRAY(SELECT batch_code FROM batch_execution_logs
                  WHERE state = 'running' ORDER BY start_time, id)
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of CC&B's runs at a moment of CC&B's clock; what nothing is known of is None.

    `running` are the codes of the batches that run, in their order. Of those that failed today,
    `repaired_today` have completed since.
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
    """Return the figures of the cards: two queries, whatever the size of the history.

    `read_at` is when CC&B was last read, by its own clock: what runs on is known until then.
    """
    asked = {
        "day": day,
        "source_at": source_at,
        "week_ago": source_at - SUCCESS_WINDOW,
        "known_until": read_at or source_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(RUNS_SQL, asked)
        succeeded, failed, records, seconds, running = cursor.fetchone()
    entered = failures_since(source_at - FAILED_WINDOW).aggregate(
        failed_today=Count("run", distinct=True),
        repaired_today=Count("run", filter=Q(run__state=RunState.COMPLETE), distinct=True),
    )
    return Figures(
        succeeded=succeeded,
        failed=failed,
        records=int(records),
        seconds=round(seconds),
        running=running,
        **entered,
    )
