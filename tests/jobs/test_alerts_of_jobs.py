"""Alerts about our own jobs: opened and resolved by a job's end, or by what stands still."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from alerts.models import Alert
from batchops.cluster import bells
from batchops.models import Heartbeat
from jobs import judge, lifecycle, sweep
from jobs.models import Claim, Job, JobEvent, JobItem
from jobs.runner import WORK, run_slice
from tests.jobs.conftest import Make
from tests.jobs.test_engine import claimed, succeeded
from tests.unguarded import unguarded

pytestmark = [pytest.mark.sql, pytest.mark.django_db]
LONG_AGO = timedelta(hours=1)


@pytest.fixture
def workers(_django_db_helper: None) -> Heartbeat:
    now = timezone.now()
    times = {"started_at": now - LONG_AGO, "beat_at": now + LONG_AGO}
    return Heartbeat.objects.create(part="jobs", host="test", pid=1, workers=4, **times)


def active(rule: str) -> list[Alert]:
    return list(Alert.objects.active().filter(rule=rule).order_by("id"))


def fail(job: Job) -> Job:
    lease = claimed(job)
    outcomes = [lifecycle.Outcome(item.id, "failed", error="no") for item in lease.items]
    lifecycle.settle(lease, outcomes, ends=True)
    job.refresh_from_db()
    return job


def age(job: Job, by: timedelta = LONG_AGO) -> None:
    """Let everything that happened to a job have happened that much earlier."""
    moments = ("created", "started", "expanded", "last_served", "last_settled", "finished")
    earlier = {f"{moment}_at": F(f"{moment}_at") - by for moment in moments}
    Job.objects.filter(pk=job.pk).update(**earlier)
    with unguarded():
        JobEvent.objects.filter(job=job).update(at=Now() - by)
    Claim.objects.filter(job=job).update(created_at=Now() - by)


class TestJobFailed:
    def test_it_opens_in_the_transaction_that_ends_the_job(self, make: Make) -> None:
        job = make(inline=[{}, {}], ms=0)

        with transaction.atomic():
            fail(job)
            assert len(active("JOB_FAILED")) == 1
            transaction.set_rollback(True)

        assert not active("JOB_FAILED")

    def test_it_says_why_with_counts_and_leads_to_the_job(self, make: Make) -> None:
        job = fail(make(inline=[{}, {}], ms=0))

        alert = Alert.objects.get()
        assert (alert.severity, alert.batch_code) == ("CRITICAL", "drill")
        assert "failed. Of 2 items 0 succeeded, 2 failed." in alert.message
        assert alert.subject_url == f"/admin/jobs/{job.pk}/"
        assert alert.evidence["seen"]["failed"] == 2

    def test_a_job_given_up_tells_its_reason(self, make: Make) -> None:
        lifecycle.give_up(
            make(inline=[{}], ms=0).pk, error="The file\r\nis empty", actor="system:x"
        )

        assert "failed: The file is empty. Of 1 item " in Alert.objects.get().message

    def test_it_stays_while_the_job_is_retried_and_ends_when_that_is_done(self, make: Make) -> None:
        job = fail(make(inline=[{}], ms=0))

        lifecycle.retry(job.pk, actor="user:x")
        judge.judge()
        assert len(active("JOB_FAILED")) == 1
        lease = claimed(job)
        lifecycle.settle(lease, succeeded(lease), ends=True)

        alert = Alert.objects.get()
        assert alert.state == "resolved"
        assert alert.events.get(verb="resolved").note == "The job has completed."

    def test_a_retry_that_fails_is_a_new_alert_linked_to_the_last(self, make: Make) -> None:
        job = fail(make(inline=[{}], ms=0))
        lifecycle.retry(job.pk, actor="user:x")

        fail(job)

        [alert] = active("JOB_FAILED")
        assert alert.occurrence == "2"
        assert alert.previous is not None
        assert alert.previous.is_resolved

    def test_others_stay_when_one_is_done(self, make: Make) -> None:
        first, second = (fail(make(inline=[{}], ms=0)) for _ in "ab")
        lifecycle.retry(first.pk, actor="user:x")
        lease = claimed(first)
        lifecycle.settle(lease, succeeded(lease), ends=True)

        assert [alert.key for alert in active("JOB_FAILED")] == [f"job:{second.pk}"]

    def test_of_a_removed_job_it_resolves(self, make: Make) -> None:
        job = fail(make(inline=[{}], ms=0))
        judge.judge()
        assert active("JOB_FAILED")

        with unguarded():
            Job.objects.filter(pk=job.pk).delete()
        judge.judge()

        note = Alert.objects.get().events.get(verb="resolved").note
        assert note == "The job was removed by retention."

    def test_today_the_banner_and_the_lists_show_it(self, make: Make, client: Client) -> None:
        job = fail(make(inline=[{}], ms=0))

        today = client.get("/admin/").content.decode()
        listed = client.get("/admin/alerts/alert/?rule__exact=JOB_FAILED").content.decode()
        counts = client.get("/api/ami-operational/active-alerts").json()["data"]["countsByType"]

        assert "1 job failed" in " ".join(today.split())
        assert f'href="/admin/jobs/{job.pk}/"' in today
        assert "failed. Of 1 item 0 succeeded, 1 failed." in listed
        assert counts["JOB_FAILED"] == sum(counts.values()) == 1

        fail(make(inline=[{}], ms=0))
        assert "2 jobs failed" in " ".join(client.get("/admin/").content.decode().split())


class TestCompletedWithErrors:
    @pytest.fixture
    def alert(self, done: Make) -> Alert:
        done(items=10, ms=0, failPercent=30)
        return Alert.objects.get()

    def test_it_opens_as_a_warning(self, alert: Alert) -> None:
        assert (alert.rule, alert.severity) == ("JOB_COMPLETED_WITH_ERRORS", "WARNING")
        assert "Of 10 items 7 succeeded, 3 failed." in alert.message

    def test_the_next_good_job_of_the_type_ends_it(self, alert: Alert, done: Make) -> None:
        done("together", items=1)
        done(items=0, ms=0)
        assert active(alert.rule)

        done(items=2, ms=0)

        assert not active(alert.rule)

    def test_resolved_by_hand_it_stays_so(self, alert: Alert, client: Client) -> None:
        client.post(f"/admin/alerts/{alert.pk}/resolve/", {"note": "known", "confirmed": "1"})
        judge.judge()

        alert.refresh_from_db()
        assert alert.resolved_by_hand
        assert not active(alert.rule)


@pytest.mark.usefixtures("workers")
class TestJobStuck:
    def test_a_job_whose_items_stand_still_opens_it_and_moving_ends_it(self, make: Make) -> None:
        lease = claimed(make(inline=[{}] * 5, ms=0), 3)
        judge.judge()
        assert not active("JOB_STUCK")
        age(lease.job)

        judge.judge()
        judge.judge()

        [alert] = active("JOB_STUCK")
        assert "has settled no item for 60 min, longer than the 7 min it may" in alert.message
        assert "Workers hold 3 of its items" in alert.message
        lifecycle.settle(lease, succeeded(lease)[:1], ends=False)
        judge.judge()
        assert not active("JOB_STUCK")

    def test_the_end_of_the_job_ends_it_at_once(self, make: Make) -> None:
        lease = claimed(make(inline=[{}], ms=0))
        age(lease.job)
        judge.judge()

        lifecycle.settle(lease, succeeded(lease), ends=True)

        assert Alert.objects.get().events.get(verb="resolved").note == "The job has completed."

    def test_items_that_wait_for_their_time_do_not_count(self, make: Make) -> None:
        job = make(inline=[{}] * 2, ms=0)
        age(job)
        JobItem.objects.update(not_before=Now() + timedelta(seconds=30))
        judge.judge()
        assert not active("JOB_STUCK")

        JobItem.objects.update(not_before=Now() - timedelta(minutes=20))
        judge.judge()

        assert "No worker takes its work" in active("JOB_STUCK")[0].message

    def test_a_job_that_waits_for_its_turn_does_not_count(self, make: Make) -> None:
        waiting, served = make(inline=[{}], ms=0), make(inline=[{}] * 2, ms=0)
        lease = claimed(served, 1)
        age(waiting)
        judge.judge()
        assert not active("JOB_STUCK")

        lifecycle.settle(lease, succeeded(lease), ends=True)
        judge.judge()
        assert not active("JOB_STUCK")
        age(served)
        judge.judge()

        assert {alert.key for alert in active("JOB_STUCK")} == {
            f"job:{waiting.pk}",
            f"job:{served.pk}",
        }

    def test_a_retried_job_counts_from_its_retry(self, make: Make) -> None:
        job = fail(make(inline=[{}], ms=0))
        age(job)

        lifecycle.retry(job.pk, actor="user:x")
        judge.judge()

        assert not active("JOB_STUCK")

    def test_a_type_nobody_knows_is_said_so(self, make: Make) -> None:
        job = make(inline=[{}], ms=0)
        Job.objects.update(type="forgotten")
        age(job)

        judge.judge()

        assert "No worker knows its type 'forgotten'" in active("JOB_STUCK")[0].message


class TestNoWorkers:
    def test_work_that_waits_for_workers_is_one_alert(self, make: Make) -> None:
        for _ in "abc":
            age(make(inline=[{}], ms=0))
        bells.ring(WORK, cluster="jobs")
        judge.judge()
        assert not active("JOB_STUCK")
        self.let_the_bell_wait(61)

        judge.judge()

        [alert] = active("JOB_STUCK")
        assert alert.message.startswith("3 jobs wait, because no worker of the jobs cluster is")

    def test_it_ends_when_workers_are_back_and_nobody_counts_as_stuck_yet(self, make: Make) -> None:
        age(make(inline=[{}], ms=0))
        bells.ring(WORK, cluster="jobs")
        self.let_the_bell_wait(61)
        judge.judge()

        now = timezone.now()
        Heartbeat.objects.create(
            part="jobs", host="test", pid=1, started_at=now, beat_at=now, workers=4
        )
        judge.judge()

        assert not active("JOB_STUCK")
        assert "Workers are running again" in Alert.objects.get().events.last().note  # type: ignore[union-attr]

    def let_the_bell_wait(self, seconds: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE django_q_ormq SET lock = now() - make_interval(secs => %s)", [seconds]
            )


@pytest.mark.usefixtures("workers")
class TestJobLate:
    def history(self, make: Make, jobs: int, minutes: int) -> None:
        job = make(inline=[], ms=0)
        fields = {"started_at": Now() - timedelta(minutes=minutes), "finished_at": Now()}
        for _ in range(jobs - 1):
            copy = make(inline=[], ms=0)
            Job.objects.filter(pk=copy.pk).update(**fields)
        Job.objects.filter(pk=job.pk).update(**fields)

    def running(self, make: Make, minutes: int) -> Any:
        lease = claimed(make(inline=[{}] * 2, ms=0), 1)
        Job.objects.filter(pk=lease.job.pk).update(started_at=Now() - timedelta(minutes=minutes))
        return lease

    def test_over_the_usual_time_it_opens_with_its_history(self, make: Make) -> None:
        self.history(make, 10, minutes=4)
        lease = self.running(make, minutes=5)

        judge.judge()

        [alert] = active("JOB_LATE")
        assert alert.severity == "WARNING"
        assert "of the last 10 jobs of type drill 95 % ended within 4 min" in alert.message
        assert alert.evidence["history"]["comparable_jobs"] == 10
        lifecycle.cancel(lease.job.pk, actor="user:x")
        lifecycle.settle(lease, succeeded(lease), ends=True)
        assert not active("JOB_LATE")

    def test_with_little_history_nobody_can_say(self, make: Make) -> None:
        self.history(make, 9, minutes=4)
        self.running(make, minutes=50)

        judge.judge()

        assert not active("JOB_LATE")

    def test_within_the_usual_time_it_is_silent(self, make: Make) -> None:
        self.history(make, 12, minutes=8)
        self.running(make, minutes=7)

        judge.judge()

        assert not active("JOB_LATE")


class TestNoSummary:
    def test_a_job_whose_type_is_gone_keeps_its_counters_and_raises_none(
        self, done: Make, client: Client
    ) -> None:
        job = done(items=2, ms=0)
        job.summaries.all().delete()
        Job.objects.update(type="removed", summarised_at=None)

        sweep.sweep()
        assert client.get(f"/api/batches/{job.pk}/summary").status_code == 202
        Job.objects.update(finished_at=Now() - timedelta(minutes=12))
        sweep.sweep()
        judge.judge()

        told = client.get(f"/api/batches/{job.pk}/summary").json()
        assert (told["successFiles"], told["details"]) == (2, {})
        assert not active("JOB_NO_SUMMARY")

    def test_one_that_fails_is_told_and_ends_when_it_is_made(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from jobs.types.drill import Drill

        def refuse(*_: object) -> dict[str, Any]:
            raise ValueError("no figures")

        with monkeypatch.context() as broken:
            broken.setattr(Drill, "summarise", refuse)
            job = make(items=1, ms=0)
            run_slice()
            judge.judge()
            judge.judge()
        [alert] = active("JOB_NO_SUMMARY")
        assert "Making it failed: ValueError: no figures." in alert.message
        assert Job.objects.get().state == "completed"

        Claim.objects.all().delete()
        run_slice()
        judge.judge()

        assert not active("JOB_NO_SUMMARY")
        assert job.events.filter(verb="fail_summary").count() == 1
