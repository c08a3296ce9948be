"""Schedules as people and programs handle them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from jobs import scheduling
from jobs.models import Job, Schedule, ScheduleEvent
from jobs.topics import read_schedules
from tests.jobs.schedules import Plan, last
from tests.people import client_of
from tests.pseudo import pseudo_language, untranslated

pytestmark = pytest.mark.django_db

FORM = {
    "name": "Nightly drill",
    "type": "drill",
    "params": '{"items": 5}',
    "title": "",
    "priority": "0",
    "cron": "0 5 * * MON-FRI",
    "missed_policy": "run_late",
    "late_minutes": "60",
}


class TestPeople:
    def test_a_supervisor_writes_edits_and_switches_one(self, _django_db_helper: None) -> None:
        supervisor = client_of("Supervisor", "planner")

        supervisor.post("/admin/jobs/schedule/add/", FORM)
        schedule = Schedule.objects.get()
        assert (schedule.enabled, schedule.params) == (False, {"items": 5})
        supervisor.post(f"/admin/jobs/schedules/{schedule.pk}/enable/")
        change = f"/admin/jobs/schedule/{schedule.pk}/change/"
        supervisor.post(change, {**FORM, "cron": "30 6 * * *"})
        supervisor.post(f"/admin/jobs/schedules/{schedule.pk}/disable/")

        events = ScheduleEvent.objects.order_by("pk")
        assert [event.verb for event in events] == ["create", "enable", "edit", "disable"]
        assert {event.actor for event in events} == {"user:planner"}
        assert events[2].before == {"cron": "0 5 * * MON-FRI"}
        assert events[2].after == {"cron": "30 6 * * *"}
        assert "At 06:30" in supervisor.get("/admin/jobs/schedules/").content.decode()
        assert "30 6 * * *" in supervisor.get(change).content.decode()

    @pytest.mark.parametrize("page", ["schedule/add/", "schedules/"])
    def test_the_name_of_a_type_is_translated(self, client: Client, page: str) -> None:
        client.post("/admin/jobs/schedule/add/", FORM)

        with pseudo_language():
            shown = client.get(f"/admin/jobs/{page}").content.decode()

        assert "Engine" not in untranslated(shown)

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("cron", "0 25 * * *", "hour must be 0 to 23"),
            ("params", '{"items": -1}', "items: Ensure this value is greater"),
            ("params", '{"nothing": 1}', "nothing: Unknown field. Allowed are"),
            ("params", "[]", "Must be a JSON object"),
            ("params", '{"a": "\\u0000"}', "NUL"),
            ("params", '{"a": "\\ud800"}', "half a surrogate pair"),
            ("params", "[" * 5000, "Must be JSON"),
            ("params", "9" * 5000, "Must be JSON"),
            ("type", "removed", "Select a valid choice"),
            ("late_minutes", "0", "greater than or equal to 1"),
            ("late_minutes", "99999", "less than or equal to 10080"),
            ("priority", "101", "less than or equal to 100"),
            ("name", "", "This field is required"),
            ("missed_policy", "never", "Select a valid choice"),
        ],
    )
    def test_bad_input_is_refused_at_its_field(
        self, client: Client, field: str, value: str, said: str
    ) -> None:
        answer = client.post("/admin/jobs/schedule/add/", {**FORM, field: value})

        form = answer.context["adminform"].form
        assert list(form.errors) == [field]
        assert said in " ".join(form.errors[field])
        assert not Schedule.objects.exists()

    def test_all_that_is_wrong_is_said_at_once(self, client: Client) -> None:
        wrong = {"name": "", "cron": "61 25 * * *", "params": '{"items": -1}'}

        answer = client.post("/admin/jobs/schedule/add/", {**FORM, **wrong})

        form = answer.context["adminform"].form
        assert set(form.errors) == set(wrong)
        assert "minute must be 0 to 59" in " ".join(form.errors["cron"])

    @pytest.mark.parametrize(
        ("text", "lines", "said"), [("0 5 * * *", 6, "At 05:00"), ("0 5", 1, "five fields")]
    )
    def test_the_next_five_times_show_while_one_writes(
        self, client: Client, text: str, lines: int, said: str
    ) -> None:
        answer = client.get("/admin/jobs/schedules/preview/", {"text": text}).content.decode()

        assert len(answer.splitlines()) == lines
        assert said in answer

    def test_an_operator_starts_one_now_but_edits_none(self, plan: Plan) -> None:
        schedule = plan(since=timezone.now())
        operator = client_of("Operator", "starter")

        started = operator.post(f"/admin/jobs/schedules/{schedule.pk}/run/")
        refused = operator.post(f"/admin/jobs/schedule/{schedule.pk}/change/", FORM)

        job = Job.objects.get()
        assert started["Location"] == f"/admin/jobs/{job.pk}/"
        assert job.created_by == "user:starter"
        assert schedule.events.get().after == {"job": job.pk}
        assert refused.status_code == 403

    def test_one_that_cannot_start_is_not_switched_on(self, plan: Plan, client: Client) -> None:
        schedule = plan(type="removed")
        Schedule.objects.update(enabled=False)

        answer = client.post(f"/admin/jobs/schedules/{schedule.pk}/enable/")

        assert answer.status_code == 400
        assert "cannot be switched on: Unknown job type" in answer.content.decode()
        assert not Schedule.objects.get().enabled

    def test_the_list_is_drawn_anew_when_something_happens(
        self, plan: Plan, client: Client
    ) -> None:
        schedule = plan(since=timezone.now() - timedelta(minutes=1))
        seen = [read_schedules("")["structure"]]

        scheduling.start_due()
        seen.append(read_schedules("")["structure"])
        client.post(f"/admin/jobs/schedules/{schedule.pk}/disable/")
        seen.append(read_schedules("")["structure"])

        assert len(set(seen)) == 3
        fragment = client.get("/admin/jobs/schedules/fragment/").content.decode()
        assert f"/admin/jobs/{last(schedule).job_id}/" in fragment


class TestApi:
    def test_it_lists_runs_and_switches(self, plan: Plan, client: Client) -> None:
        schedule = plan(since=timezone.now() - timedelta(minutes=1))
        scheduling.start_due()

        listed = client.get("/api/schedules/").json()["data"]["schedules"]
        started = client.post(f"/api/schedules/{schedule.pk}/run-now")
        off = client.post(f"/api/schedules/{schedule.pk}/disable").json()["data"]
        again = client.post(f"/api/schedules/{schedule.pk}/disable/").json()["data"]
        on = client.post(f"/api/schedules/{schedule.pk}/enable").json()["data"]

        assert [one["name"] for one in listed] == [schedule.name]
        assert listed[0]["cronText"] == "Every minute"
        assert listed[0]["timeZone"] == "Asia/Dhaka"
        assert len(listed[0]["nextTimes"]) == 5
        assert listed[0]["lastOutcomes"][0]["outcome"] == "started"
        assert (started.status_code, started.json()["data"]["type"]) == (201, "drill")
        assert (off["enabled"], again["enabled"], on["enabled"]) == (False, False, True)
        verbs = schedule.events.order_by("pk").values_list("verb", flat=True)
        assert list(verbs) == ["run_now", "disable", "enable"]

    @pytest.mark.parametrize("verb", ["run-now", "enable", "disable"])
    def test_one_that_is_not_there_is_not_found(self, client: Client, verb: str) -> None:
        answer = client.post(f"/api/schedules/999999999/{verb}")

        assert (answer.status_code, answer.json()["error"]) == (404, "schedule_not_found")

    def test_what_runs_already_is_named(self, plan: Plan, client: Client) -> None:
        schedule = plan(type="alone", params={}, since=timezone.now())
        client.post(f"/api/schedules/{schedule.pk}/run-now")

        answer = client.post(f"/api/schedules/{schedule.pk}/run-now")

        assert answer.status_code == 409
        assert answer.json()["running"]["jobId"] == Job.objects.get().pk
