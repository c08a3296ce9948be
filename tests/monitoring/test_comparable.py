"""What counts as usual: complete runs of comparable days before the day, by quantiles."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

import pytest

from monitoring.comparable import usual_runs
from monitoring.models import CalendarDay, MonitoringConfig, PlannedOutage, Run, Step
from monitoring.rules.facts import Usual

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 18)  # a Wednesday
WEEK = timedelta(weeks=1)


def store(
    days: Iterable[date], *, records: int = 1000, minutes: float = 60, state: str = "complete"
) -> None:
    first = Run.objects.count()
    began = [datetime(day.year, day.month, day.day, 6, tzinfo=UTC) for day in days]
    Run.objects.bulk_create(
        Run(
            batch_code="CM-DMRU",
            source_batch_cd="CM-DMRU",
            batch_nbr=first + n,
            state=state,
            started_at=at,
            ended_at=at + timedelta(minutes=minutes),
            records_processed=records,
            business_date=at.date(),
            created_at=at,
        )
        for n, at in enumerate(began)
    )


def weeks(n: int, *, before: date = DAY) -> list[date]:
    """Return days of the same weekday, without month ends."""
    days = (before - k * WEEK for k in range(1, 60))
    return [day for day in days if (day + timedelta(days=1)).month == day.month][:n]


def asked(day: date = DAY) -> Usual:
    return usual_runs([("CM-DMRU", day)]).get(("CM-DMRU", day), Usual())


class TestComparableDays:
    def test_twenty_of_the_weekday_are_enough(self) -> None:
        store(weeks(20))
        store(weeks(9, before=DAY + timedelta(days=1)), records=5)

        found = asked()

        assert (found.runs, found.days) == (20, "ordinary days, Wednesdays")
        assert found.p10_records == 1000

    def test_fewer_are_filled_up_with_all_of_the_class(self) -> None:
        store(weeks(19))
        store(weeks(9, before=DAY + timedelta(days=1)), records=5)

        found = asked()

        assert (found.runs, found.days) == (28, "ordinary days, all weekdays")

    def test_month_ends_are_a_class_of_their_own(self) -> None:
        month_ends = [date(2026, month, 1) - timedelta(days=1) for month in range(2, 12)]
        store(weeks(25))
        store(month_ends, records=9000)

        assert asked().p95_duration_s == 3600
        assert asked().runs == 25
        assert asked(date(2026, 11, 30)).runs == len(month_ends)
        assert asked(date(2026, 11, 30)).days == "month ends, all weekdays"

    def test_holidays_are_a_class_of_their_own(self) -> None:
        holidays = weeks(3)
        for day in [*holidays, DAY + WEEK]:
            CalendarDay.objects.create(business_date=day)
        store(weeks(25))
        store(holidays, records=9000)

        assert (asked().runs, asked().days) == (22, "ordinary days, Wednesdays")
        assert asked(DAY + WEEK).runs == 6
        assert asked(DAY + WEEK).days == "holidays, all weekdays"

    def test_what_counts_as_a_months_end_is_set(self) -> None:
        MonitoringConfig.objects.update(month_end_last_days=2, month_end_first_days=1)
        CalendarDay.objects.create(business_date=date(2025, 11, 29), kind="month_end", yearly=True)
        CalendarDay.objects.create(business_date=date(2026, 9, 30), kind="ordinary")
        ends = [date(2026, 9, 29), date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 30)]
        store(ends)

        assert asked(date(2026, 11, 29)).last_date == date(2026, 10, 30)
        assert asked(date(2026, 11, 29)).runs == 3
        assert asked(DAY).runs == 1

    def test_days_of_a_planned_outage_are_no_measure(self) -> None:
        store(weeks(25))
        step = Step.objects.get(batch_code="D1-IMD")
        for n, of in ((1, None), (2, step)):
            at = datetime.combine(DAY - n * WEEK, time(3), tzinfo=UTC)
            PlannedOutage.objects.create(
                step=of, begins_at=at, ends_at=at + timedelta(hours=1), reason="Patch"
            )

        assert (asked().runs, asked().last_date) == (24, DAY - 2 * WEEK)

    def test_days_are_counted_not_their_runs(self) -> None:
        for _ in range(7):
            store(weeks(3))
        store(weeks(19, before=DAY + timedelta(days=1)))

        found = asked()

        assert (found.days_counted, found.runs) == (22, 40)
        assert found.days == "ordinary days, all weekdays"

    def test_no_history_is_no_word(self) -> None:
        assert asked() == Usual()
        assert usual_runs([]) == {}


class TestWhichRunsCount:
    def test_the_days_own_and_later_ones_do_not(self) -> None:
        store([DAY, DAY + timedelta(days=2)])

        assert asked().runs == 0

    def test_only_complete_ones_do(self) -> None:
        store(weeks(3), state="failed")

        assert asked().runs == 0

    def test_those_that_found_nothing_to_do_do_not(self) -> None:
        store(weeks(20))
        store(weeks(20), records=0, minutes=1)

        assert (asked().runs, asked().p10_duration_s) == (20, 3600)

    def test_of_a_batch_without_records_all_do(self) -> None:
        store(weeks(20), records=0)

        assert (asked().runs, asked().runs_with_records) == (20, 0)

    def test_quantiles_are_of_their_distribution(self) -> None:
        for n, day in enumerate(weeks(21)):
            store([day], records=100 * (n + 1), minutes=n + 1)

        found = asked()

        assert (found.p10_records, found.p10_duration_s) == (300, 180)
        assert found.p95_duration_s == 1200
        assert found.median_rps == pytest.approx(100 / 60, abs=0.01)
