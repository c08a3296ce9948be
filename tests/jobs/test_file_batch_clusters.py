"""File batches through real clusters: the three scenarios of seed 003, and a death midway."""

import random
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from jobs.models import Job, RunSummary
from tests.jobs.batches import BAD, COLUMNS, GOOD, begun
from tests.jobs.harness import checks
from tests.jobs.harness.workers import FAST, Cluster
from tests.jobs.test_legacy_sql import STUCK, VERIFY, ask
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.django_db]

PROMISED_S = 40


@pytest.fixture
def shared(settings: Any, tmp_path: Path) -> dict[str, str]:
    """Let clusters find the uploads of this process: the settings that they need for it."""
    described = {**settings.STORAGES["uploads"]}
    described["OPTIONS"] = {**described["OPTIONS"], "location": tmp_path / "files/uploads"}
    settings.STORAGES = {**settings.STORAGES, "uploads": described}
    settings.UPLOAD_DISK_RESERVE_BYTES = 0
    return {**FAST, "BATCHOPS_DATA_DIR": str(tmp_path), "JOBS_WORKERS": "1"}


def are_whole(cluster: Cluster, jobs: list[Job]) -> bool:
    """Say whether the jobs have their summaries; a cluster that gave up is started again."""
    cluster.heal()
    return RunSummary.objects.filter(job__in=jobs).count() == len(jobs)


def told(job: Job) -> tuple[Any, ...]:
    """Return what the seed's own SQL says of a batch."""
    status, summary, counts = (
        ask(statement.replace("YOUR_BATCH_ID", job.pk))[0] for statement in VERIFY.split(";")[:3]
    )
    assert status["completed_at"] is not None
    return (
        status["status"],
        (summary["total_files"], summary["success_files"]),
        (counts["files_success"], counts["files_failed"], counts["files_pending"]),
    )


class TestSeed003:
    def test_batches_good_and_bad_end_as_they_went(
        self, client: Client, shared: dict[str, str]
    ) -> None:
        good = begun(client, *((f"{n}.csv", GOOD) for n in range(7)))
        mixed = begun(client, ("a.csv", GOOD), ("b.csv", BAD), ("c.csv", b"cut"))

        with Cluster(shared) as cluster:
            wait_for(lambda: are_whole(cluster, [good, mixed]), PROMISED_S, "both summaries")

        assert told(good) == ("completed", (7, 7), (7, 0, 0))
        assert told(mixed) == ("completed_with_errors", (3, 1), (1, 2, 0))
        assert ask(STUCK) == []

    def test_a_worker_killed_right_after_the_last_file_leaves_nothing_undone(
        self, client: Client, shared: dict[str, str]
    ) -> None:
        checks.install_audit()
        job = begun(client, *((f"{n}.csv", GOOD) for n in range(7)))

        with Cluster({**shared, "HARNESS_DIES": "kill"}) as cluster:
            wait_for(lambda: are_whole(cluster, [job]), PROMISED_S, "the summary, with no call")

        job.refresh_from_db()
        assert job.finished_at is not None
        assert job.summarised_at is not None
        assert (job.summarised_at - job.finished_at).total_seconds() < PROMISED_S
        assert told(job) == ("completed", (7, 7), (7, 0, 0))
        assert RunSummary.objects.get().details["validRows"] == 14
        assert ask(STUCK) == []
        assert checks.broken_invariants() == {}


class TestADeathMidway:
    def test_counts_no_file_twice_and_loses_none(
        self, client: Client, shared: dict[str, str]
    ) -> None:
        rows = "".join(f"M{n % 1_000:03},2026-11-22,{n % 90}\n" for n in range(15_000))
        large = f"meter,read_on,reading\n{rows}".encode()
        columns = [{**column, "unique": False} for column in COLUMNS]
        job = begun(client, *((f"{n}.csv", large) for n in range(5)), columns=columns)

        with Cluster({**shared, "JOBS_WORKERS": "2"}) as cluster:
            wait_for(lambda: job.items.filter(state="succeeded").exists(), 20, "a first file")
            cluster.kill(random.Random(1))
            wait_for(lambda: are_whole(cluster, [job]), PROMISED_S, "the summary")

        assert told(job) == ("completed", (5, 5), (5, 0, 0))
        assert RunSummary.objects.get().details["rows"] == 5 * 15_000
