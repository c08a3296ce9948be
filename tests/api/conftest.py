"""Give the tests of the whole API a site with something of everything."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client, override_settings
from django.utils import timezone
from rest_framework.throttling import SimpleRateThrottle

from alerts import lifecycle as alerts
from alerts.models import Alert
from batchops.access import create_token
from batchops.models import Heartbeat, User
from jobs import lifecycle, start, uploads
from jobs.lifecycle import NewJob
from jobs.models import Job, Schedule
from jobs.runner import run_slice
from jobs.start import Order
from monitoring import poll as polling
from tests.alerts.findings import AT, opened
from tests.jobs.agreements import fake_billing
from tests.jobs.batches import BAD, GOOD, begun
from tests.jobs.harness import types  # noqa: F401  (registers the types)
from tests.monitoring.source import FakeCcb
from tests.people import logged_in, person

NAMES = itertools.count(1)


@dataclass
class Site:
    """Somebody who may do everything, and what there is to ask for, by parameter."""

    user: User
    key: str
    known: dict[str, list[str]] = field(default_factory=dict)

    @property
    def client(self) -> Client:
        client = logged_in(self.user)
        client.raise_request_exception = False
        return client

    def job(self, job_type: str = "drill", *, inline: Any = None, **params: Any) -> Job:
        order = Order(type=job_type, params=params, items=inline, external_id=f"b{next(NAMES)}")
        return lifecycle.create(start.checked(order, actor="user:tester"))


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: Any) -> Iterator[Site]:
    """A site with something of everything; each test finds it as it was made.

    A test's own transaction is a savepoint of the one in which the site is made.
    """
    in_memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    storing = override_settings(
        STORAGES={**settings.STORAGES, "uploads": in_memory, "artifacts": in_memory}
    )
    with (
        django_db_blocker.unblock(),
        storing,
        pytest.MonkeyPatch.context() as patch,
        transaction.atomic(),
    ):
        patch.setattr(SimpleRateThrottle, "allow_request", lambda *_: True)
        yield _make(patch)
        transaction.set_rollback(True)


def _make(patch: pytest.MonkeyPatch) -> Site:
    user = person("Administrator", "api")
    User.objects.filter(pk=user.pk).update(email="api@example.org")
    now = timezone.now() + timedelta(hours=1)  # alive to the end of the tests
    Heartbeat.objects.create(
        part="jobs", host="test", pid=1, started_at=now, beat_at=now, workers=4
    )
    site = Site(user, create_token(user=user, name="tests"))
    _runs(patch)
    _bill_stop(site, patch)
    site.known = {
        "name": _jobs(site),
        "token": [_lease(site)],
        "action": ["enrich"],
        "alert_id": _alerts(),
        "schedule_id": _schedules(),
        "upload_id": _uploads(user),
        "number": ["1", "2"],
        "position": ["0", "1"],
    }
    return site


def _jobs(site: Site) -> list[str]:
    done = [
        site.job(items=3, ms=0),
        site.job(items=2, ms=0, failPercent=50),
        site.job(items=1, zip=True),
        site.job("document", inline=[{"name": "Ada"}], template="Dear {name}"),
        begun(site.client, ("good.csv", GOOD), ("bad.csv", BAD)),
    ]
    for _ in range(6):
        run_slice()
    cancelled = site.job(items=2)
    lifecycle.cancel(cancelled.pk, actor="user:tester")
    asking = NewJob(
        type="enrich",
        title="Enrich All",
        params={"parentId": done[0].pk, "question": "agreements", "columns": ["Agreement"]},
        created_by="user:tester",
        parent_id=done[0].pk,
    )
    done.append(lifecycle.create(asking))
    waiting = [site.job(items=2), site.job("external", inline=[{"n": 1}, {"n": 2}])]
    return [job.pk for job in [*done, cancelled, *waiting]]


def _bill_stop(site: Site, patch: pytest.MonkeyPatch) -> None:
    fake_billing(patch)
    job = site.job("bill-stop")
    while job.is_open:
        run_slice()
        job.refresh_from_db()


def _lease(site: Site) -> str:
    job = site.job("external", inline=[{"n": 1}, {"n": 2}])
    lease = lifecycle.take(job.pk, limit=1, worker="outside:x")
    assert lease is not None
    return str(lease.token)


def _alerts() -> list[str]:
    taken = opened("LONG_RUNNING", key="w")
    alerts.acknowledge(taken.pk, at=AT, actor="user:a", note="mine")
    return [str(alert.pk) for alert in (opened(key="c", business_date=AT.date()), taken)] + [
        str(pk) for pk in Alert.objects.exclude(pk=taken.pk).values_list("pk", flat=True)[:3]
    ]


def _schedules() -> list[str]:
    made = [
        Schedule.objects.create(
            name=f"nightly {number}",
            type="drill",
            cron="0 2 * * *",
            params={"items": 1},
            enabled=bool(number),
            decided_until=timezone.now(),
        )
        for number in range(2)
    ]
    return [str(schedule.pk) for schedule in made]


def _uploads(user: User) -> list[str]:
    content = b"meter\n1\n"
    begun, sent, done = (uploads.announce(user, "a.csv", len(content)) for _ in range(3))
    for upload in (sent, done):
        uploads.receive(upload, 1, content)
    uploads.complete(done, actor="user:api")
    return [begun.pk, sent.pk, done.pk]


def _runs(patch: pytest.MonkeyPatch) -> None:
    fake = FakeCcb()
    patch.setattr(settings, "CCB_URL", "postgresql://reader@nowhere/ccb")
    patch.setattr(polling, "read_snapshot", fake.read_snapshot)
    fake.complete("CM-DMRU")
    fake.fail("D1-IMD")
    fake.run("C1-PPBTR")
    polling.poll_now(actor="system:test")
