"""Mails about how jobs end: who asked for them, what they say, and that each comes once."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from alerts import deliver
from alerts.models import Delivery, Notice
from batchops.models import User
from jobs import lifecycle
from jobs.models import Job, JobWatch
from tests.alerts.conftest import mail_settings, mailbox
from tests.alerts.mailbox import Mailbox
from tests.alerts.outbox import tries
from tests.jobs.conftest import Make
from tests.jobs.test_engine import claimed, succeeded
from tests.people import logged_in
from tests.unguarded import unguarded

__all__ = ["mail_settings", "mailbox"]
pytestmark = [pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _nobody_stays(_django_db_helper: None) -> Any:
    yield
    with unguarded():
        User.objects.filter(username__in=("operator", "rahim")).delete()


@pytest.fixture
def rahim(_django_db_helper: None) -> User:
    user = User.objects.create_user("rahim", "rahim@example.com", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_job"))
    return user


def page_of(user: User) -> Client:
    return logged_in(user)


def end(job: Job, *, failed: int = 0) -> Job:
    lease = claimed(job)
    outcomes = [
        lifecycle.Outcome(one.item_id, "failed", error="account 4711 of Mrs X")
        if n < failed
        else one
        for n, one in enumerate(succeeded(lease))
    ]
    lifecycle.settle(lease, outcomes, ends=True)
    job.refresh_from_db()
    return job


def text_of(mail: Any) -> str:
    return str(mail.get_body(("plain",)).get_content())


class TestOneJob:
    def test_who_presses_the_button_is_mailed_when_it_ends(
        self, make: Make, rahim: User, mailbox: Mailbox
    ) -> None:
        job = make(inline=[{}] * 3, ms=0)
        client = page_of(rahim)
        assert "Mail me when it ends" in client.get(f"/admin/jobs/{job.pk}/").content.decode()
        client.post(f"/admin/jobs/{job.pk}/watch/", {"on": "1"})
        fragment = client.get(f"/admin/jobs/{job.pk}/watch/fragment/").content.decode()
        assert "Mail me no more" in fragment

        end(job, failed=1)
        assert deliver.deliver_due() == 1

        [mail] = mailbox.mails
        assert mail["To"] == "rahim@example.com"
        assert mail["Subject"] == f"Batch job completed with errors: {job.title}"
        assert "Items: 3, succeeded: 2, failed: 1, cancelled: 0" in text_of(mail)
        assert f"https://console.example/admin/jobs/{job.pk}/" in text_of(mail)
        html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
        assert f'href="https://console.example/admin/jobs/{job.pk}/"' in html
        for secret in ("4711", "Mrs X", "tester"):
            assert secret not in mail.as_string()

    def test_who_thinks_better_of_it_is_not(
        self, make: Make, rahim: User, mailbox: Mailbox
    ) -> None:
        job = make(inline=[{}], ms=0)
        client = page_of(rahim)
        client.post(f"/admin/jobs/{job.pk}/watch/", {"on": "1"})
        client.post(f"/admin/jobs/{job.pk}/watch/", {"on": "0"})

        end(job)

        assert not Delivery.objects.exists()

    def test_it_says_when_by_the_sites_clock_whoever_ended_it(
        self, make: Make, rahim: User, mailbox: Mailbox
    ) -> None:
        job = make(inline=[{}], ms=0)
        lifecycle.watch_job(job.pk, rahim, on=True)
        with timezone.override("America/New_York"):
            lifecycle.cancel(job.pk, actor="user:x")
            lifecycle.finalise(job.pk, actor="user:x")
        deliver.deliver_due()

        [mail] = mailbox.mails
        [ended] = [line for line in text_of(mail).splitlines() if line.startswith("Ended")]
        assert ended.endswith("+06")

    def test_a_cancelled_one_and_its_retry_are_mailed_once_each(
        self, make: Make, rahim: User, mailbox: Mailbox
    ) -> None:
        job = make(inline=[{}], ms=0)
        lifecycle.watch_job(job.pk, rahim, on=True)
        lifecycle.cancel(job.pk, actor="user:x")
        lifecycle.finalise(job.pk, actor="user:x")
        lifecycle.retry(job.pk, actor="user:x", include_cancelled=True)
        deliver.deliver_due()

        end(job)
        deliver.deliver_due()

        assert [subject.split(":")[0] for subject in mailbox.subjects] == [
            "Batch job cancelled",
            "Batch job completed",
        ]

    def test_programs_ask_by_the_api(self, make: Make, rahim: User) -> None:
        job = make(inline=[{}], ms=0)
        client, address = page_of(rahim), f"/api/batch-jobs/{job.pk}/watch"

        for _ in "ab":
            answer = client.post(address, {"on": True}, content_type="application/json")
            assert (answer.status_code, answer.json()["data"]) == (200, {"on": True})

        assert JobWatch.objects.count() == 1
        assert client.get(address).json()["data"] == {"on": True}
        wrong = client.post(address, {"on": "perhaps"}, content_type="application/json")
        assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["on"])

    def test_without_an_address_it_says_what_to_do(self, make: Make, rahim: User) -> None:
        job = make(inline=[{}], ms=0)
        User.objects.filter(pk=rahim.pk).update(email="")

        answer = page_of(rahim).post(
            f"/api/batch-jobs/{job.pk}/watch", {"on": True}, content_type="application/json"
        )

        assert answer.status_code == 409
        assert "Ask an administrator to enter one" in answer.json()["message"]

    def test_no_header_can_be_smuggled_in_by_a_title(
        self, make: Make, rahim: User, mailbox: Mailbox
    ) -> None:
        job = make(inline=[{}], ms=0)
        Job.objects.update(title="X\r\nBcc: thief@example.com\n\n<b>Hello</b>")
        lifecycle.watch_job(job.pk, rahim, on=True)

        end(job)
        deliver.deliver_due()

        assert mailbox.envelopes == [["rahim@example.com"]]
        assert mailbox.mails[0]["Bcc"] is None
        assert mailbox.subjects == ["Batch job completed: X Bcc: *** <b>Hello</b>"]
        html = mailbox.mails[0].get_body(("html",)).get_content()  # type: ignore[union-attr]
        assert "<b>Hello" not in html


class TestTypes:
    def test_they_are_chosen_on_a_page(self, make: Make, rahim: User, mailbox: Mailbox) -> None:
        client = page_of(rahim)
        client.post("/admin/jobs/mails/", {"end": ["drill on_failed", "together on_completed"]})
        assert (
            'value="drill on_failed" checked' in client.get("/admin/jobs/mails/").content.decode()
        )

        end(make(inline=[{}], ms=0))
        failed = end(make(inline=[{}], ms=0), failed=1)
        deliver.deliver_due()

        mine = [mail["Subject"] for mail in mailbox.mails if mail["To"] == rahim.email]
        assert mine == [f"Batch job failed: {failed.title}"]
        client.post("/admin/jobs/mails/", {})
        assert not JobWatch.objects.exists()

    def test_who_watches_job_and_type_gets_one_mail(
        self, make: Make, rahim: User, mailbox: Mailbox
    ) -> None:
        job = make(inline=[{}], ms=0)
        lifecycle.watch_job(job.pk, rahim, on=True)
        lifecycle.watch_types(rahim, {"drill": {"on_completed"}})

        end(job)
        deliver.deliver_due()

        assert len(mailbox.mails) == 1

    def test_administrators_enter_the_addresses_of_others(
        self, make: Make, client: Client, mailbox: Mailbox
    ) -> None:
        given = {"type": "drill", "on_completed": "on"}
        address = "/admin/jobs/jobwatch/add/"
        refused = client.post(address, given).content.decode()
        assert "Choose a user or enter an address" in refused
        client.post(address, {**given, "address": "lead@example.com"})

        end(make(inline=[{}], ms=0))
        deliver.deliver_due()

        assert mailbox.envelopes == [["lead@example.com"]]
        assert "lead@example.com" in client.get("/admin/jobs/jobwatch/").content.decode()

    def test_many_that_end_together_are_one_mail_that_lists_them(
        self, make: Make, rahim: User, mailbox: Mailbox
    ) -> None:
        lifecycle.watch_types(rahim, {"drill": {"on_completed"}})
        jobs = [end(make(inline=[{}], ms=0)) for _ in range(25)]

        assert deliver.deliver_due() == 1

        assert mailbox.subjects[0].startswith("25 messages, the latest: Batch job completed")
        for job in jobs:
            assert job.pk in text_of(mailbox.mails[0])
        assert Delivery.objects.filter(state="sent").count() == 25


class TestReaders:
    @pytest.mark.parametrize("loss", ["inactive", "permission", "address"])
    def test_who_may_not_see_it_when_it_leaves_gets_none(
        self, make: Make, rahim: User, mailbox: Mailbox, loss: str
    ) -> None:
        lifecycle.watch_types(rahim, {"drill": {"on_completed"}})
        end(make(inline=[{}], ms=0))
        if loss == "permission":
            rahim.user_permissions.clear()
        User.objects.filter(pk=rahim.pk).update(
            is_active=loss != "inactive", email="" if loss == "address" else rahim.email
        )

        deliver.deliver_due()

        assert not mailbox.mails
        assert Delivery.objects.get().state == "given_up"
        assert "may not see this any more" in tries("failed")[0].sentence

    def test_without_mail_settings_jobs_end_all_the_same(
        self, make: Make, rahim: User, settings: Any
    ) -> None:
        settings.EMAIL_HOST = ""
        lifecycle.watch_types(rahim, {"drill": {"on_completed"}})

        assert end(make(inline=[{}], ms=0)).state == "completed"

        assert not Notice.objects.exists()
        assert "set SMTP_HOST" in page_of(rahim).get("/admin/jobs/mails/").content.decode()
