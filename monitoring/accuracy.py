"""Test how good forecasts of past days would have been, and sum up what came out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import Max

from batchops.cluster import bells
from batchops.cluster.cleaning import SLICE_S, go_through
from batchops.db import database_now, session_lock
from batchops.live.publish import publish
from monitoring import lifecycle, queries
from monitoring.comparable import HISTORY
from monitoring.day_records import past_days, records_of, site_read
from monitoring.forecast.backtest import DayTested, Tested, Warned, back_test
from monitoring.forecast.history import ENOUGH
from monitoring.forecast.outlook import Band
from monitoring.forecast.record import DayRecord
from monitoring.forecast.scores import Score, WarnedDay, Warnings, scores, warnings
from monitoring.models import ForecastTest, RuleSetting, Run
from monitoring.rules.catalogue import Rulebook
from monitoring.rules.deadlines import RULE

BELL = "monitoring.tasks.test_forecasts"
LOCK = "monitoring.accuracy"
EVERY = timedelta(minutes=5)
DAYS_A_BATCH = 5
NEWEST = 30  # tests that are listed
METHOD = 1  # greater when forecasts are reckoned otherwise: all days are tested anew then


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How good forecasts are: `tests` the newest ones, of `tested` days there was history enough.

    `whole` is of the day's finish, `steps` of each step's by its code.
    """

    tests: Sequence[ForecastTest]
    tested: int
    whole: Sequence[Score]
    steps: Mapping[str, Sequence[Score]]
    warnings: Warnings


def ring_if_due() -> None:
    """Ring for one slice of testing when a day that is over was not tested."""
    if due_days(_today(database_now()), limit=1):
        bells.ring(BELL, cluster="watch")


def test_due() -> None:
    """Test days that are over for one slice, and ring for the next; one process at a time."""
    with session_lock(LOCK) as held:
        if held and not go_through([_test_now], for_s=SLICE_S).all_gone:
            bells.ring(BELL, cluster="watch")


def _test_now() -> int:
    return test_some(database_now())


def test_some(at: datetime) -> int:
    """Test a few of the days that are due at `at`, newest first; return how many."""
    today = _today(at)
    days = due_days(today, limit=DAYS_A_BATCH)
    if days:
        site, warned, since = site_read(), _warned(), _history_from(today)
        history = past_days(today, site)
        tested = [(each, back_test(each, history, warned)) for each in records_of(days, site)]
        lifecycle.store_tests(_row(record, test, since, at) for record, test in tested)
        publish("accuracy")
    return len(days)


def due_days(today: date, *, limit: int) -> list[date]:
    """Return days before `today` that are to be tested, or anew, newest first.

    Those that were never tested, or by another method, or without days imported since.
    """
    since = _history_from(today)
    tested = ForecastTest.objects.filter(method=METHOD, history_from__lte=since)
    held = Run.objects.filter(business_date__gte=since, business_date__lt=today)
    due = held.exclude(business_date__in=tested.values("business_date"))
    days = due.order_by("-business_date").values_list("business_date", flat=True).distinct()
    return list(days[:limit])


def accuracy(*, since: date = date.min) -> Accuracy:
    """Return how good forecasts of the days from `since` on would have been; two queries.

    It is kept until days are tested again.
    """
    return _reckoned(last_tested_at(), since)


@lru_cache(maxsize=8)
def _reckoned(_tested_at: datetime | None, since: date) -> Accuracy:
    rows = list(ForecastTest.objects.filter(business_date__gte=since).order_by("-business_date"))
    tested = [row for row in rows if row.days >= ENOUGH]
    by_step: dict[str, list[Tested]] = {}
    for row in tested:
        for code, step in row.steps.items():
            by_step.setdefault(code, []).append(_tested(step))
    return Accuracy(
        tests=rows[:NEWEST],
        tested=len(tested),
        whole=scores(_tested(_whole(row)) for row in tested),
        steps={code: scores(steps) for code, steps in by_step.items()},
        warnings=warnings(
            [
                WarnedDay(row.deadline_s, missed=row.missed, announced_s=row.announced_s)
                for row in tested
            ]
        ),
    )


def last_tested_at() -> datetime | None:
    """Return when days were tested last, None before the first."""
    made_at: datetime | None = ForecastTest.objects.aggregate(last=Max("made_at"))["last"]
    return made_at


def _today(at: datetime) -> date:
    """Return the day of the last good reading: only those before it are known to their end."""
    fresh = queries.freshness(at)
    read_on = fresh.last_good.business_date if fresh.last_good else None
    return min(fresh.today, read_on or fresh.today)


def _history_from(today: date) -> date:
    return max(queries.first_day() or today, today - HISTORY)


def _warned() -> Warned:
    book = Rulebook(each.read() for each in RuleSetting.objects.select_related("step"))
    terms = book.terms(RULE).thresholds
    return Warned(terms["risk_pct"], terms["polls"])


def _row(record: DayRecord, test: DayTested, since: date, at: datetime) -> ForecastTest:
    whole = _stored(test.whole)
    return ForecastTest(
        business_date=record.day,
        method=METHOD,
        made_at=at,
        history_from=since,
        days=test.days,
        finished_s=test.whole.done_s,
        deadline_s=record.deadline_s,
        announced_s=test.announced_s,
        checks=whole["checks"],
        rivals=whole["rivals"],
        steps={code: _stored(step) for code, step in test.steps.items()},
    )


def _stored(test: Tested) -> dict[str, Any]:
    checks = {str(part): asdict(band) for part, band in test.bands.items()}
    return {"done_s": test.done_s, "checks": checks, "rivals": dict(test.rivals)}


def _whole(row: ForecastTest) -> dict[str, Any]:
    return {"done_s": row.finished_s, "checks": row.checks, "rivals": row.rivals}


def _tested(stored: Mapping[str, Any]) -> Tested:
    bands = {int(part): Band(**band) for part, band in stored["checks"].items()}
    return Tested(stored["done_s"], bands, stored["rivals"])
