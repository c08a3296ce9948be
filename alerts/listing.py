"""Find alerts: what a list is narrowed down to, its pages, and what there is to choose from."""

from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import connection
from django.db.models import Max, Min
from django.utils import timezone

from alerts.models import Alert, AlertQuerySet
from alerts.states import ACTIVE
from batchops.paging import Cursor

CHOICES = 100  # values that a filter offers at most
RARE = 1000  # matches of a search, up to which their ids are named
ACTIVE_WORD = "active"  # open or acknowledged

# Jumps through an index from each value to the next, instead of reading a million rows.
DISTINCT_SQL = """
    WITH RECURSIVE chosen AS (
        (SELECT {column} AS value FROM batch_monitoring_alerts
          WHERE {column} > '' ORDER BY {column} LIMIT 1)
        UNION ALL
        SELECT (SELECT {column} FROM batch_monitoring_alerts
                 WHERE {column} > chosen.value AND {column} <> '' ORDER BY {column} LIMIT 1)
          FROM chosen WHERE chosen.value IS NOT NULL
    )
    SELECT value FROM chosen WHERE value IS NOT NULL LIMIT %s
"""
PERIODS_SQL = """
    SELECT day FROM unnest(%s::timestamptz[], %s::timestamptz[]) AS period(day, ends)
     WHERE EXISTS (SELECT FROM batch_monitoring_alerts
                    WHERE created_at >= day AND created_at < ends)
     ORDER BY day
"""


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """What a list of alerts is narrowed down to; empty values mean all.

    `opened_from` and `opened_before` bound the moment at which an alert opened.
    """

    state: str = ""
    severity: str = ""
    rule: str = ""
    batch_code: str = ""
    search: str = ""
    opened_from: datetime | None = None
    opened_before: datetime | None = None

    def apply(self, found: AlertQuerySet) -> AlertQuerySet:
        """Return those of `found` that match."""
        exact = {"severity": self.severity, "rule": self.rule, "batch_code": self.batch_code}
        found = found.filter(**{name: value for name, value in exact.items() if value})
        if self.state:
            found = found.filter(state__in=ACTIVE if self.state == ACTIVE_WORD else [self.state])
        if self.search:
            found = searched(found, self.search)
        if self.opened_from:
            found = found.filter(opened_at__gte=self.opened_from)
        if self.opened_before:
            found = found.filter(opened_at__lt=self.opened_before)
        return found


def page_of_alerts(
    wanted: AlertFilter, *, limit: int, after: Cursor | None = None
) -> tuple[list[Alert], Cursor | None]:
    """Return up to `limit` alerts, newest first, and the place where the next page begins."""
    found = wanted.apply(Alert.objects.all())
    if after is not None:
        found = found.filter(after.older("opened_at"), opened_at__lte=after.at)
    rows = list(found.order_by("-opened_at", "-id")[: limit + 1])
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], Cursor(last.opened_at, last.pk)


def searched(found: AlertQuerySet, text: str) -> AlertQuerySet:
    """Return those of `found` that `AlertQuerySet.matching` finds; looks into its index at once.

    PostgreSQL takes a word it has no figures of to be in one row of two hundred, and would read
    a million from the newest on to find the five that hold it. So what is rare is named to it.
    """
    rare = list(Alert.objects.matching(text).values_list("pk", flat=True)[: RARE + 1])
    return found.filter(pk__in=rare) if len(rare) <= RARE else found.matching(text)


def batch_codes() -> list[str]:
    """Return the batch codes that alerts have, the first hundred by name."""
    return _distinct("batch_code")


def holders() -> list[str]:
    """Return who has or had alerts, the first hundred by name."""
    return _distinct("acknowledged_by")


def first_and_last() -> tuple[datetime, datetime] | None:
    """Return when the first and the last alert opened, on the site's clock; None without any."""
    ends = Alert.objects.aggregate(first=Min("opened_at"), last=Max("opened_at"))
    if ends["first"] is None:
        return None
    return timezone.localtime(ends["first"]), timezone.localtime(ends["last"])


def days_with_alerts(begins: list[date]) -> list[date]:
    """Return which of the periods hold an alert; each begins a day and ends where the next does.

    The last of `begins` only ends the one before it.
    """
    zone = timezone.get_current_timezone()
    moments = [datetime.combine(day, time(), tzinfo=zone) for day in begins]
    with connection.cursor() as cursor:
        cursor.execute(PERIODS_SQL, [moments[:-1], moments[1:]])
        return [timezone.localtime(row[0]).date() for row in cursor.fetchall()]


def _distinct(column: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(DISTINCT_SQL.format(column=column), [CHOICES])
        return [row[0] for row in cursor.fetchall()]
