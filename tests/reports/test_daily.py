"""The daily report against the database: every figure is counted again by SQL of the test's own."""

import csv
from datetime import UTC, datetime, time, timedelta
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.utils.html import escape

from alerts import lifecycle
from alerts.models import Alert
from batchops.web.reports import daily, files, letters
from jobs import statistics
from jobs.models import Job, JobEvent
from monitoring.lifecycle.days import reckon_days
from monitoring.models import Forecast, Poll, Run, Step
from monitoring.queries import freshness
from tests.monitoring.source import TODAY, FakeCcb
from tests.monitoring.stored import stored_run
from tests.people import client_of
from tests.reports.conftest import MoveClock, wall

pytestmark = [pytest.mark.django_db, pytest.mark.sql]

LEAK = "No rows came from https://app:hunter2@db.example/x, ask rina@example.com."
# One row a step: when it was to begin, first start, longest run, and when all of it was done.
STEPS_SQL = """
    SELECT s.batch_code,
           count(r.*),
           coalesce(sum(r.records_processed), 0),
           coalesce(sum(r.records_in_error), 0),
           sum(extract(epoch FROM r.end_time - r.start_time))::int,
           min(r.start_time),
           CASE WHEN min(r.start_time) > e.expected_at + s.grace_minutes * interval '1 minute'
                THEN extract(epoch FROM min(r.start_time) - e.expected_at)
                WHEN count(r.*) = 0
                 AND %(until)s > e.expected_at + s.grace_minutes * interval '1 minute'
                THEN extract(epoch FROM %(until)s - e.expected_at) END,
           nullif(greatest(max(extract(epoch FROM coalesce(r.end_time, %(until)s) - r.start_time))
                           - 60 * s.max_duration_minutes, 0), 0),
           CASE WHEN bool_or(r.state = 'complete')
                THEN nullif(greatest(extract(epoch FROM min(r.end_time) - %(deadline)s), 0), 0)
                WHEN %(until)s >= %(deadline)s
                THEN extract(epoch FROM %(until)s - %(deadline)s) END
      FROM batch_workflow_config AS s
     CROSS JOIN LATERAL (
           SELECT (%(day)s::date + s.expected_start_time) AT TIME ZONE 'Asia/Dhaka'
           ) AS e (expected_at)
      LEFT JOIN batch_execution_logs AS r
        ON r.batch_code = s.batch_code AND r.business_date = %(day)s AND r.state <> 'cancelled'
     GROUP BY s.batch_code, s.sequence_order, s.grace_minutes, s.max_duration_minutes, e.expected_at
     ORDER BY s.sequence_order
"""
ALERTS_SQL = """
    SELECT a.id, a.created_at,
           (SELECT min(extract(epoch FROM e.at - a.created_at)) FROM alerts_alertevent AS e
             WHERE e.alert_id = a.id AND e.verb = 'acknowledged'),
           extract(epoch FROM a.resolved_at - a.created_at)
      FROM batch_monitoring_alerts AS a
     WHERE a.business_date = %(day)s
        OR a.created_at >= %(day_before)s AND a.created_at < %(ends)s
     ORDER BY a.id
"""
JOBS_SQL = """
    SELECT count(*) FILTER (WHERE verb = 'start'),
           count(*) FILTER (WHERE verb = 'finish' AND after = 'completed'),
           count(*) FILTER (WHERE verb = 'finish' AND after = 'failed')
      FROM jobs_jobevent WHERE at >= %(begins)s AND at < %(ends)s
"""


RUNNING = "CM_BSGGN"  # whose seconds go on


def asked(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [tuple(map(number, row)) for row in cursor.fetchall()]


def number(value: Any) -> Any:
    return float(value) if type(value).__name__ == "Decimal" else value


def near(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Put spans to whole seconds, as pages show them."""
    return [tuple(int(c) if isinstance(c, float) else c for c in row) for row in rows]


@pytest.fixture
def played(clock: MoveClock, ccb: FakeCcb) -> FakeCcb:
    """Play a day whose first step is late, so the next ones are, and whose third one fails."""
    clock(5)
    ccb.run("CM-DMRU", started_at=wall(time(6, 30)))
    ccb.count(ccb.complete("CM-DMRU", ended_at=wall(time(11))), 900_000, errors=17)
    ccb.run("D1-IMD", 2, started_at=wall(time(11, 5)))
    ccb.complete("D1-IMD", 2, ended_at=wall(time(11, 40)))
    ccb.run("D1-IMD", 3, started_at=wall(time(11, 50)))
    ccb.count(ccb.complete("D1-IMD", 3, ended_at=wall(time(12, 10))), 4_000)
    ccb.clock = wall(time(12, 30))
    ccb.run("C1-PPBTR", 4, started_at=wall(time(12, 20)))
    ccb.fail("C1-PPBTR", 4, text="ORA-01652 for app/secret@ccb")
    ccb.run("F1-FLUSH", 5, started_at=wall(time(10, 10)))
    ccb.complete("F1-FLUSH", 5, ended_at=wall(time(10, 15)))
    ccb.run("CMOTHER", 6, started_at=wall(time(9)))
    ccb.complete("CMOTHER", 6, ended_at=wall(time(9, 10)))
    clock(12, 30)
    ccb.run("CM_BSGGN", 7, started_at=wall(time(13)))
    clock(18)
    return ccb


@pytest.fixture
def report(played: FakeCcb) -> daily.DailyReport:
    return daily.compose(TODAY, freshness(datetime.now(UTC)))


class TestAgainstTheDatabase:
    def test_every_figure_of_a_step_is_what_sql_counts(self, report: daily.DailyReport) -> None:
        moments = report.moments
        rows = asked(STEPS_SQL, day=TODAY, until=moments.until, deadline=wall(time(18)))

        assert near(rows) == near(
            [
                (
                    line.step.batch_code,
                    line.runs,
                    line.records,
                    line.errors,
                    None if line.step.batch_code in RUNNING else line.elapsed_s,
                    line.course.began_at,
                    line.course.start_late_s,
                    line.course.over_max_s,
                    line.course.past_deadline_s,
                )
                for line in report.steps
            ]
        )
        assert {line.step.batch_code for line in report.late} == {
            row[0] for row in rows if any(row[6:])
        }
        assert report.runs_total == Run.objects.filter(batch_code="CMOTHER").count() == 1

    def test_alerts_bear_the_times_at_which_they_were_taken_and_over(self, played: FakeCcb) -> None:
        now = datetime.now(UTC)
        failed = Alert.objects.get(rule="FAILED")
        long_ago = Alert.objects.filter(rule__in=["OUT_OF_ORDER", "LONG_RUNNING"])
        long_ago.update(opened_at=now - timedelta(days=5))
        long_ago.filter(rule="OUT_OF_ORDER").update(business_date=TODAY - timedelta(days=5))
        lifecycle.acknowledge(failed.pk, at=now + timedelta(minutes=9), actor="user:rina")
        lifecycle.acknowledge(failed.pk, at=now + timedelta(minutes=19), actor="user:omar")

        report = daily.compose(TODAY, freshness(now))

        rows = asked(
            ALERTS_SQL,
            day=TODAY,
            day_before=wall(time(18), day=TODAY - timedelta(days=1)),
            ends=report.moments.ends_at,
        )
        told = [
            (line.alert.pk, line.alert.opened_at, line.taken_after_s, line.lasted_s)
            for line in sorted(report.alerts, key=lambda line: line.alert.pk)
        ]
        assert near(told) == near(rows)
        assert report.alerts_total == len(rows) == Alert.objects.count() - 1 >= 3
        line = next(line for line in report.alerts if line.alert.pk == failed.pk)
        assert (line.holder, round((line.taken_after_s or 0) / 60)) == ("omar", 9)

    def test_our_own_jobs_are_those_of_the_statistics_and_of_their_events(
        self, played: FakeCcb
    ) -> None:
        happened(("start", "", 7), ("finish", "completed", 8), ("start", "", 9))
        bad = happened(("start", "", 17), ("finish", "failed", 17.5), error=LEAK)
        happened(("start", "", 3), ("finish", "completed", 4))  # before the day began
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM jobs_jobday")
        statistics.count_until(wall(time(20)))

        report = daily.compose(TODAY, freshness(datetime.now(UTC)))

        begins, ends = report.moments.begins_at, report.moments.ends_at
        assert (begins, ends) == (wall(time(5)), wall(time(5), day=TODAY + timedelta(days=1)))
        counted = asked(JOBS_SQL, begins=begins, ends=ends)
        labels, days = zip(*report.jobs.figures, strict=True)
        assert labels == ("All types", "Engine drill")
        for day in days:
            assert [(day.started, day.completed, day.failed)] == counted == [(3, 1, 1)]
        assert [each.job.pk for each in report.jobs.bad] == [bad.pk]
        letter, lines = letters.of_day(report), files.csv_of(report).decode()
        for text in (letter.text, letter.html, lines):
            assert "No rows came from" in text
            assert "hunter2" not in text and "rina@example.com" not in text


class TestWhy:
    def test_each_late_step_says_by_how_much_and_from_what_measurements(
        self, report: daily.DailyReport
    ) -> None:
        told = {line.step.batch_code: line for line in report.steps}

        assert told["CM-DMRU"].delays == ["began 1h 30m late", "ran 30m 0s over its maximum"]
        assert told["CM-DMRU"].reasons[0].endswith("not enough history (0 of 20).")
        assert "D1-IMD: " not in " ".join(told["CM-DMRU"].reasons)
        assert told["D1-IMD"].delays == ["began 4h 5m late"]
        assert (
            "It waits for CM-DMRU, which was done at 11:00, 4h 0m after this start."
            in told["D1-IMD"].reasons
        )
        assert told["C1-PPBTR"].reasons[0].startswith("Run 4/0 failed at 12:30: ORA-01652")
        assert "secret" not in " ".join(told["C1-PPBTR"].reasons)
        assert told["F1-FLUSH"].delays == told["F1-FLUSH"].reasons == []
        assert told["BILLRESTSMS"].delays[0].startswith("not begun, 4h 0m late")
        assert any("Not started: " in reason for reason in told["BILLRESTSMS"].reasons)
        assert report.headline == "3 of 6 steps done, 1 failed, 5 late"
        assert report.verdict == "3 steps were not done by the deadline (18:00)."

    def test_more_records_and_a_slower_pace_than_usual_are_told_with_their_history(
        self, played: FakeCcb
    ) -> None:
        for n in range(1, 31):
            began_at = wall(time(6), day=TODAY - timedelta(days=n))
            ended_at = began_at + timedelta(minutes=50)
            more: Any = {"status_code": "40", "records_processed": 300_000}
            stored_run("CM-DMRU", 1000 + n, began_at=began_at, ended_at=ended_at, **more)

        Step.objects.filter(batch_code="F1-FLUSH").update(deadline=time(10, 12))

        report = daily.compose(TODAY, freshness(datetime.now(UTC)))

        assert report.steps[3].delays == ["done 3m 0s after the deadline"]
        first = report.steps[0]
        assert "It had 900,000 records, 3.0 times the usual 300,000" in first.reasons[0]
        assert "It went at 55.6/s, usually 100.0/s" in first.reasons[1]
        ahead = report.outlook.steps[0]
        assert (ahead.has_history, ahead.usual.p95_duration_s) == (True, 50 * 60)
        assert report.outlook.steps[1].history == "not enough history (1 of 20)"

    def test_what_is_usual_is_reckoned_again_once_a_past_day_was_corrected(
        self, played: FakeCcb
    ) -> None:
        days = [TODAY - timedelta(days=n) for n in range(1, 31)]
        for n, day in enumerate(days):
            stored_run("CM-SEEN", 1000 + n, began_at=wall(time(6), day=day), ended_at=wall(time(7)))
        Step.objects.filter(batch_code="F1-FLUSH").update(batch_code="CM-SEEN")
        for minutes in (50, 80):
            past = Run.objects.filter(batch_code="CM-SEEN")
            past.update(ended_at=F("started_at") + timedelta(minutes=minutes))
            reckon_days(days, at=datetime.now(UTC))
            ahead = daily.compose(TODAY, freshness(datetime.now(UTC))).outlook.steps[3]
            assert ahead.usual.p95_duration_s == minutes * 60

    def test_what_was_not_read_is_said_and_is_not_called_late(self, clock: MoveClock) -> None:
        clock(5, 30)
        clock(6, 45)
        Poll.objects.update(started_at=F("started_at") - timedelta(hours=3))

        report = daily.compose(TODAY, freshness(datetime.now(UTC)))

        assert report.doubts == [
            "CC&B was last read at 06:45; what came after is unknown.",
            "CC&B was not read from 05:30 to 06:45.",
        ]
        assert report.late == []


class TestForecast:
    def test_the_days_first_forecast_stands_beside_what_came(self, played: FakeCcb) -> None:
        Forecast.objects.all().delete()
        steps = {"CM-DMRU": (7, 30), "C1-PPBTR": (12, 5), "F1-FLUSH": (13, 0)}
        store_forecast(time(5), p50=(15, 0), steps=steps)
        # C1-PPBTR ran again since, and was done with its first run.
        done = {"CM-DMRU": (11, 0), "C1-PPBTR": (12, 10)}
        store_forecast(time(17, 45), p50=(21, 15), miss_pct=100, steps=done, basis="done")

        part = daily.compose(TODAY, freshness(datetime.now(UTC))).forecast

        assert part.said == "As forecast at 05:00 from 44 days: ordinary days, all weekdays."
        told = {line.code: (line.done_at, line.said) for line in part.lines}
        assert told == {
            "": (None, "not done"),
            "CM-DMRU": (wall(time(11)), "outside: 3h 30m later"),
            "C1-PPBTR": (wall(time(12, 10)), "5m 0s later than the median"),
            "F1-FLUSH": (None, "not done"),
        }
        assert part.ahead == (
            "As of 17:45, all steps are expected to be done at 21:15 (between 20:45 and 21:45 in "
            "80 of 100 cases), with a chance of over 99 % to miss the deadline."
        )

    def test_without_one_or_without_history_the_day_says_so(self, played: FakeCcb) -> None:
        short = daily.compose(TODAY, freshness(datetime.now(UTC))).forecast
        Forecast.objects.all().delete()
        none = daily.compose(TODAY, freshness(datetime.now(UTC)))

        assert short.said == "There is no forecast: not enough history (0 of 20 days)."
        assert none.forecast.said == "No forecast was stored for this day."
        assert (none.forecast.lines, none.forecast.ahead) == ([], "")
        assert "No forecast was stored for this day." in letters.of_day(none).text


def store_forecast(
    clock: time,
    *,
    p50: tuple[int, int],
    steps: dict[str, tuple[int, int]],
    miss_pct: float = 4,
    basis: str = "time",
) -> None:
    """Store a forecast whose bands reach half an hour to either side."""

    def band(hour: tuple[int, int]) -> dict[str, datetime]:
        p50_at = wall(time(*hour))
        half = timedelta(minutes=30)
        return {"p10_at": p50_at - half, "p50_at": p50_at, "p90_at": p50_at + half}

    Forecast.objects.create(
        business_date=TODAY,
        at=wall(clock),
        deadline_at=wall(time(18)),
        days=44,
        compared={"kind": "ordinary", "weekday": None, "from": None, "to": None},
        miss_pct=miss_pct,
        steps=[
            {"code": code, "basis": basis}
            | {name: at.isoformat() for name, at in band(hour).items()}
            for code, hour in steps.items()
        ],
        **band(p50),
    )


class TestRenderers:
    def test_the_page_the_files_and_the_address_of_any_past_day_show_the_same(
        self, report: daily.DailyReport
    ) -> None:
        client = client_of("Viewer")

        page = client.get("/admin/report/").content.decode()
        lines = client.get(f"/admin/report/file/csv/?date={TODAY}")
        pdf = client.get(f"/admin/report/file/pdf/?date={TODAY}")

        assert report.headline in page
        rows = list(csv.DictReader(StringIO(lines.content.decode("utf-8-sig"))))
        assert rows[0]["What"] == str(TODAY)
        assert rows[0]["State"] == report.headline
        steps = {row["What"]: row for row in rows if row["Part"] == "step"}
        assert [*steps] == [line.step.batch_code for line in report.steps]
        assert steps["CM-DMRU"]["Began late by (s)"] == "5400.0"
        assert steps["CM-DMRU"]["Over its maximum by (s)"] == "1800.0"
        alerts = [row for row in rows if row["Part"] == "alert"]
        assert [row["Taken after (s)"] for row in alerts] == [
            "" if line.taken_after_s is None else str(line.taken_after_s) for line in report.alerts
        ]
        assert {row["Began late by (s)"] for row in alerts} <= {""}
        assert pdf.content.startswith(b"%PDF-")
        assert str(TODAY) in pdf["Content-Disposition"]
        for line in report.done:
            for said in (*line.delays, *line.reasons):
                assert escape(said) in page

    def test_past_days_without_data_say_so_and_others_are_refused(self, clock: MoveClock) -> None:
        clock(6)
        client = client_of("Viewer")

        page = client.get("/admin/report/?date=2020-02-03").content.decode()

        assert "Nothing is known of this day" in page
        for wrong in ("?date=x", "?date=1066-01-01", f"?date={TODAY + timedelta(days=2)}"):
            assert client.get(f"/admin/report/{wrong}").status_code == 400
        for part in ("runs", "jobs", "alerts", "mailed"):
            assert client.get(f"/admin/report/{part}/fragment/").status_code == 200
        assert client.get("/admin/report/file/exe/").status_code == 404


def happened(*events: tuple[str, str, float], error: str = "") -> Job:
    """Store a job to which this happened, each at an hour of today on the site's clock."""
    ended = next((after for verb, after, _ in events if verb == "finish"), "")
    midnight = wall(time(0))
    last = midnight + timedelta(hours=events[-1][2])
    job = Job.objects.create(
        type="drill", title="A drill", created_by="user:x", error=error,
        state=ended if events[-1][0] == "finish" else "processing",
        finished_at=last if events[-1][0] == "finish" else None,
    )  # fmt: skip
    JobEvent.objects.bulk_create(
        JobEvent(
            job=job, verb=verb, actor="user:x", generation=1, after=after,
            at=midnight + timedelta(hours=hour),
        )
        for verb, after, hour in events
    )  # fmt: skip
    return job
