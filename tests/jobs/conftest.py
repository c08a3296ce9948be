"""Give tests of the engine a database in which transactions really commit."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from batchops.models import Heartbeat, User
from jobs import lifecycle, scheduling, start
from jobs.models import Job, Schedule
from jobs.runner import run_slice
from jobs.start import Order
from jobs.types.bill_stop.job_type import BillStop
from tests.committed import emptied, put_back
from tests.jobs import agreements, files
from tests.jobs.at_once import end_meetings
from tests.jobs.harness import checks, types  # noqa: F401  (registers the types)
from tests.jobs.schedules import Clock, Plan
from tests.people import logged_in

Make = Callable[..., Job]


@pytest.fixture(scope="package")
def without_schedules(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Let these tests begin without the schedule of the first data."""
    with django_db_blocker.unblock(), emptied("jobs_schedule", "jobs_scheduleevent"):
        yield


@pytest.fixture
def _django_db_helper(without_schedules: None, django_db_blocker: Any) -> Iterator[None]:
    """Let transactions really commit, as workers and races need it, and clear up afterwards.

    It stands here for pytest-django's fixture of the mark `django_db`, which would either roll
    back what workers must see, or empty every table of the site.
    """
    with django_db_blocker.unblock():
        yield
        end_meetings()
        checks.remove_audit()
        put_back()


@pytest.fixture
def make(_django_db_helper: None) -> Make:
    """Create a job of a type with params, as the API would."""

    def make_job(
        job_type: str = "drill", *, inline: list[dict[str, object]] | None = None, **params: object
    ) -> Job:
        order = Order(type=job_type, params=dict(params), items=inline)
        return lifecycle.create(start.checked(order, actor="user:tester"))

    return make_job


@pytest.fixture
def done(make: Make) -> Make:
    """Create a job and do it, in this process."""

    def do_job(job_type: str = "drill", **params: object) -> Job:
        job = make(job_type, **params)
        run_slice()
        job.refresh_from_db()
        return job

    return do_job


@pytest.fixture
def client(_django_db_helper: None) -> Client:
    """A person who may do everything, logged in, while a jobs cluster is alive."""
    user = User.objects.create_superuser("operator", password="correct horse battery")
    now = timezone.now()
    Heartbeat.objects.create(
        part="jobs", host="test", pid=1, started_at=now, beat_at=now, workers=4
    )
    return logged_in(user)


@pytest.fixture
def uploading(settings: Any, tmp_path: Path) -> None:
    """Store uploads in a folder of the test's own, in parts of 16 bytes."""
    described = {**settings.STORAGES["uploads"]}
    described["OPTIONS"] = {**described["OPTIONS"], "location": tmp_path / "uploads"}
    settings.STORAGES = {**settings.STORAGES, "uploads": described}
    settings.UPLOAD_PART_BYTES = 16
    settings.UPLOAD_DISK_RESERVE_BYTES = 0


@pytest.fixture
def sent(client: Client) -> str:
    """The id of a complete upload of TABLE."""
    upload_id: str = files.send(client, files.TABLE).json()["data"]["id"]
    return upload_id


@pytest.fixture
def in_large_parts(uploading: None, settings: Any) -> None:
    """Store uploads as `uploading` does, each in one part."""
    settings.UPLOAD_PART_BYTES = 8 * 1024**2


@pytest.fixture
def folder(settings: Any, tmp_path: Path, in_large_parts: None) -> Path:
    """Keep this test's PDFs and ZIPs in a folder of its own, and its uploads in one part."""
    settings.SCRATCH_DIR = tmp_path / "scratch"
    described = {**settings.STORAGES["artifacts"]}
    described["OPTIONS"] = {**described["OPTIONS"], "location": tmp_path / "artifacts"}
    settings.STORAGES = {**settings.STORAGES, "artifacts": described}
    return tmp_path / "artifacts"


@pytest.fixture
def plan(client: Client) -> Plan:
    """Make a schedule that is on since an hour ago, while a jobs cluster is alive."""

    def make_plan(*, since: datetime | None = None, **given: Any) -> Schedule:
        since = since or timezone.now() - timedelta(hours=1)
        values: dict[str, Any] = {
            "type": "drill",
            "cron": "* * * * *",
            "params": {"items": 1, "ms": 0},
            **given,
        }
        name = f"plan {Schedule.objects.count()}"
        return Schedule.objects.create(name=name, enabled=True, decided_until=since, **values)

    return make_plan


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Set what the database's clock says to schedules."""

    def set_clock(at: datetime) -> None:
        monkeypatch.setattr(scheduling, "database_now", lambda: at)

    return set_clock


@pytest.fixture
def billing(monkeypatch: pytest.MonkeyPatch, settings: Any) -> agreements.FakeBilling:
    """Let bill-stop jobs read made agreements, in four ranges, and try again at once."""
    settings.CCB_URL = "postgresql://reader@nowhere/ccb"
    settings.BILL_STOP_RANGES = agreements.RANGES
    monkeypatch.setattr(BillStop, "backoff", lambda self, attempt: timedelta(0))
    return agreements.fake_billing(monkeypatch)
