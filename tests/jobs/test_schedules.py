"""Jobs that start by themselves: when, once, late or on the record; and how people handle them."""

import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from alerts.models import Alert
from batchops.models import Heartbeat
from jobs import lifecycle, missed, queries, scheduling
from jobs.models import Job, Schedule, ScheduleSlot
from tests.embedded import address_of
from tests.jobs.at_once import at_once
from tests.jobs.conftest import Make
from tests.jobs.schedules import Clock, Plan, last, outcomes
from tests.jobs.test_cron import AUTUMN, DHAKA, LONDON, SPRING, local, night

pytestmark = pytest.mark.django_db


class TestStarts:
    def test_a_due_slot_starts_its_job_once(self, plan: Plan) -> None:
        schedule = plan(title="Nightly", priority=7, since=timezone.now() - timedelta(minutes=1))

        scheduling.start_due()
        scheduling.start_due()

        job = Job.objects.get()
        slot = last(schedule)
        assert (slot.outcome, slot.job_id) == ("started", job.pk)
        assert (job.title, job.priority) == ("Nightly", 7)
        assert job.created_by == f"system:schedule/{schedule.name}"

    def test_nothing_starts_before_its_time_or_while_it_is_off(self, plan: Plan) -> None:
        plan(since=timezone.now())
        off = plan()
        Schedule.objects.filter(pk=off.pk).update(enabled=False)

        scheduling.start_due()

        assert Job.objects.count() <= 1  # a minute may just have begun
        assert not off.slots.exists()

    @pytest.mark.parametrize("zone", [LONDON, DHAKA])
    @pytest.mark.parametrize("day", [SPRING, AUTUMN])
    def test_a_whole_night_starts_each_slot_exactly_once(
        self, plan: Plan, clock: Clock, settings: object, zone: ZoneInfo, day: date
    ) -> None:
        settings.SITE_ZONE = zone  # type: ignore[attr-defined]
        minutes = night(zone, day)[60:400:10]
        schedule = plan(cron="30 1 * * *", since=minutes[0])

        for minute in minutes:
            clock(minute)
            scheduling.start_due()

        expected = "02:00" if (zone, day) == (LONDON, SPRING) else "01:30"
        assert local([last(schedule).due_at], zone) == [f"{day.day} {expected}"]
        assert outcomes(schedule) == ["started"]
        assert Job.objects.count() == 1

    @pytest.mark.sql
    def test_two_clusters_start_one_job(self, plan: Plan) -> None:
        for _ in range(20):
            schedule = plan(since=timezone.now() - timedelta(minutes=1))

            at_once([scheduling.start_due, scheduling.start_due, scheduling.start_due])

            assert outcomes(schedule) == ["started"]
            schedule.delete()
        assert Job.objects.count() == 20

    @pytest.mark.processes
    def test_a_cluster_killed_before_the_record_leaves_no_job_and_the_next_starts_it(
        self, plan: Plan
    ) -> None:
        schedule = plan(cron="0 * * * *", since=timezone.now() - timedelta(hours=1))
        dying = (
            "import django, os, signal; django.setup()\n"
            "from jobs import lifecycle, scheduling\n"
            "lifecycle.record_slot = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)\n"
            "scheduling.start_due()"
        )

        killed = subprocess.run(
            [sys.executable, "-c", dying],
            env={**os.environ, "DATABASE_URL": address_of(connection.settings_dict["NAME"])},
            check=False,
        )

        assert killed.returncode == -signal.SIGKILL
        assert (Job.objects.count(), outcomes(schedule)) == (0, [])
        scheduling.start_due()
        assert (Job.objects.count(), outcomes(schedule)) == (1, ["started"])

    def test_a_clock_that_was_ahead_silences_nothing_and_doubles_nothing(
        self, plan: Plan, clock: Clock
    ) -> None:
        noon = datetime(2027, 6, 1, 12, 0, 30, tzinfo=UTC)
        schedule = plan(cron="0 * * * *", late_minutes=90, since=noon)
        ahead = noon + timedelta(hours=2)
        clock(ahead)
        scheduling.start_due()  # starts 14:00 and passes 13:00 over
        assert outcomes(schedule) == ["skipped", "started"]

        for minutes in (1, 60, 120, 180):
            clock(noon + timedelta(minutes=minutes))
            scheduling.start_due()

        assert outcomes(schedule) == ["skipped", "started", "started"]
        assert [slot.due_at.hour for slot in schedule.slots.order_by("due_at")] == [13, 14, 15]

    def test_one_switched_on_while_the_clock_was_ahead_is_not_silent_until_then(
        self, plan: Plan, clock: Clock
    ) -> None:
        noon = datetime(2027, 6, 1, 12, 0, 30, tzinfo=UTC)
        schedule = plan(cron="0 * * * *", since=noon + timedelta(hours=2))

        for minutes in (1, 60):
            clock(noon + timedelta(minutes=minutes))
            scheduling.start_due()

        assert [slot.due_at.hour for slot in schedule.slots.all()] == [13]


class TestMisses:
    def test_after_an_outage_one_late_start_stands_for_all(self, plan: Plan) -> None:
        schedule = plan(cron="*/15 * * * *", since=timezone.now() - timedelta(hours=3))

        scheduling.start_due()

        found = outcomes(schedule)
        assert (len(found), found[-1], found.count("started")) == (12, "started", 1)
        assert set(found[:7]) == {"missed"}  # beyond the hour that a start may be late
        assert set(found[8:-1]) == {"skipped"}
        assert Job.objects.count() == 1

    @pytest.mark.parametrize(
        ("values", "outcome"),
        [
            ({"missed_policy": "skip"}, "missed"),
            ({"late_minutes": 5}, "missed"),
            ({"late_minutes": 90}, "started"),
        ],
    )
    def test_one_that_is_late_goes_by_its_policy(
        self, plan: Plan, clock: Clock, values: dict[str, object], outcome: str
    ) -> None:
        noon = datetime(2027, 6, 1, 12, tzinfo=UTC)
        schedule = plan(cron="0 * * * *", since=noon - timedelta(minutes=1), **values)

        clock(noon + timedelta(minutes=30))
        scheduling.start_due()

        assert outcomes(schedule) == [outcome]

    def test_a_long_outage_is_recorded_in_turns(
        self, plan: Plan, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(scheduling, "SLOTS_A_TURN", 10)
        schedule = plan(late_minutes=5000, since=timezone.now() - timedelta(minutes=25))

        for _ in range(4):
            scheduling.start_due()

        assert len(outcomes(schedule)) >= 25
        assert outcomes(schedule)[24:].count("started") == Job.objects.count() >= 1
        assert set(outcomes(schedule)[:24]) == {"skipped"}

    def test_without_a_worker_it_waits_says_so_and_starts_when_one_comes(
        self, plan: Plan, clock: Clock
    ) -> None:
        noon = datetime(2027, 6, 1, 12, tzinfo=UTC)
        schedule = plan(cron="0 * * * *", since=noon - timedelta(minutes=1))
        Heartbeat.objects.update(part="watch")

        clock(noon + timedelta(minutes=1))
        scheduling.start_due()

        assert last(schedule).outcome == "waiting"
        assert "manage.py cluster jobs" in last(schedule).reason
        Heartbeat.objects.update(part="jobs")
        clock(noon + timedelta(minutes=2))
        scheduling.start_due()
        assert outcomes(schedule) == ["started"]

    def test_one_that_waits_until_the_next_is_due_was_missed(
        self, plan: Plan, clock: Clock
    ) -> None:
        noon = datetime(2027, 6, 1, 12, tzinfo=UTC)
        schedule = plan(since=noon)  # every minute, up to an hour late
        Heartbeat.objects.update(part="watch")

        for seconds in (61, 121):
            clock(noon + timedelta(seconds=seconds))
            scheduling.start_due()
        missed.judge()

        assert outcomes(schedule) == ["missed", "waiting"]
        assert Alert.objects.get(rule="MISSED_SCHEDULE").state == "open"

    def test_an_alert_stands_from_the_first_miss_to_the_next_start(
        self, plan: Plan, clock: Clock
    ) -> None:
        noon = datetime(2027, 6, 1, 12, tzinfo=UTC)
        schedule = plan(cron="0 * * * *", late_minutes=5, since=noon - timedelta(minutes=1))
        Heartbeat.objects.update(part="watch")
        for minutes in (1, 6, 61, 66):
            clock(noon + timedelta(minutes=minutes))
            scheduling.start_due()
            missed.judge()

        alert = Alert.objects.get(rule="MISSED_SCHEDULE")
        assert (alert.severity, alert.state, alert.subject) == ("WARNING", "open", schedule.name)
        assert "No worker of the 'jobs' cluster" in alert.message
        assert outcomes(schedule) == ["missed", "missed"]
        Heartbeat.objects.update(part="jobs")
        clock(noon + timedelta(minutes=121))
        scheduling.start_due()
        missed.judge()
        alert.refresh_from_db()
        assert alert.state == "resolved"

    def test_an_alert_ends_when_the_schedule_is_switched_off(
        self, plan: Plan, client: Client
    ) -> None:
        schedule = plan(missed_policy="skip", cron="0 * * * *")
        ScheduleSlot.objects.create(
            schedule=schedule, due_at=timezone.now(), decided_at=timezone.now(), outcome="missed"
        )
        missed.judge()
        assert Alert.objects.get(rule="MISSED_SCHEDULE").state == "open"

        client.post(f"/admin/jobs/schedules/{schedule.pk}/disable/")
        missed.judge()

        alert = Alert.objects.get(rule="MISSED_SCHEDULE")
        assert alert.state == "resolved"
        assert alert.events.order_by("-pk")[0].note == "The schedule was switched off."

    def test_what_still_runs_is_not_started_beside_itself(self, plan: Plan) -> None:
        first = plan(type="alone", params={}, since=timezone.now() - timedelta(minutes=1))
        scheduling.start_due()

        second = plan(type="alone", params={}, since=timezone.now() - timedelta(minutes=1))
        scheduling.start_due()

        assert last(second).outcome == "skipped"
        assert str(last(first).job_id) in last(second).reason
        assert Job.objects.count() == 1

    def test_it_waits_when_what_kept_it_from_starting_has_just_ended(
        self, plan: Plan, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make("alone")
        schedule = plan(type="alone", params={}, since=timezone.now() - timedelta(minutes=1))
        monkeypatch.setattr(queries, "holder_of", lambda key: None)

        scheduling.start_due()

        assert last(schedule).outcome == "waiting"
        assert "Wait for it" in last(schedule).reason

    def test_one_that_waits_is_given_up_when_its_cron_text_is_changed(
        self, plan: Plan, client: Client
    ) -> None:
        schedule = plan(since=timezone.now() - timedelta(minutes=1))
        Heartbeat.objects.update(part="watch")
        scheduling.start_due()
        assert last(schedule).outcome == "waiting"

        schedule.cron = "0 5 29 2 *"
        lifecycle.edit_schedule(schedule, actor="user:planner")
        Heartbeat.objects.update(part="jobs")
        scheduling.start_due()

        assert not Job.objects.exists()
        assert last(schedule).outcome == "skipped"
        assert "another cron text" in last(schedule).reason

    def test_a_broken_schedule_stops_no_other(self, plan: Plan, client: Client) -> None:
        since = timezone.now() - timedelta(minutes=1)
        broken = [
            plan(type="removed", since=since),
            plan(params={"items": "many"}, since=since),
            plan(cron="every night", since=since),
        ]
        sound = plan(since=since)

        scheduling.start_due()
        missed.judge()

        assert outcomes(sound) == ["started"]
        assert [outcomes(each) for each in broken] == [["waiting"], ["waiting"], []]
        page = client.get("/admin/jobs/schedules/").content.decode()
        assert "Unknown job type" in page
        assert "five fields" in page
        alert = Alert.objects.get(rule="MISSED_SCHEDULE")
        assert "cannot be read" in alert.message
