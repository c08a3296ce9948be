"""What a job's items are shown as, and how they are found among very many."""

from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client

from jobs import lifecycle
from jobs.models import Claim, Job, JobItem
from tests.jobs.conftest import Make
from tests.jobs.test_legacy_sql import ask

pytestmark = [pytest.mark.sql, pytest.mark.django_db]

MANY = 20_000
FILL = """
    INSERT INTO jobs_jobitem
           (job_id, position, params, state, attempts, deaths, suspect, error, finished_at)
    SELECT %s, n, jsonb_build_object('label', 'A-' || n), 'succeeded', 1, 0, false, '', now()
      FROM generate_series(1, %s) AS n
"""


def items(client: Client, job: Job, query: str = "") -> list[tuple[int, str]]:
    answer = client.get(f"/api/batch-jobs/{job.pk}/items?{query}").json()["data"]
    return [(item["position"], item["status"]) for item in answer["items"]]


@pytest.fixture
def leased(make: Make) -> Job:
    """Make a job of 5 items, of which a worker has taken 3 and is at the second."""
    job = make(inline=[{}] * 5)
    lease = lifecycle.claim_items(job.pk, limit=3, worker="w")
    assert lease is not None
    Claim.objects.update(item_id=lease.items[1].id, item_since=Now())
    return job


class TestTaken:
    def test_only_the_item_that_a_worker_is_at_runs(self, client: Client, leased: Job) -> None:
        assert [state for _, state in items(client, leased)] == [
            "pending", "running", "pending", "pending", "pending"
        ]  # fmt: skip
        assert items(client, leased, "status=running") == [(1, "running")]
        assert [at for at, _ in items(client, leased, "status=pending")] == [0, 2, 3, 4]

    def test_one_that_waits_for_it_is_next(self, client: Client, leased: Job) -> None:
        page = client.get(f"/admin/jobs/{leased.pk}/items/fragment/").content.decode()

        assert (page.count("Running"), page.count("Next"), page.count("Pending")) == (1, 2, 2)

    def test_what_nobody_has_begun_has_not_started(self, client: Client, leased: Job) -> None:
        answer = client.get(f"/api/batch-jobs/{leased.pk}/items").json()["data"]

        assert [item["startedAt"] is None for item in answer["items"]] == [
            True, False, True, True, True
        ]  # fmt: skip

    def test_files_and_older_sql_count_them_alike(self, client: Client, leased: Job) -> None:
        batch = client.get(f"/api/batches/{leased.pk}").json()
        [row] = ask("SELECT * FROM batch_status_summary")

        assert (batch["filesProcessing"], batch["filesPending"]) == (1, 4)
        assert (row["files_processing"], row["files_pending"]) == (1, 4)

    @pytest.mark.parametrize("limit", [1, 3])
    def test_a_single_item_and_those_done_at_once_all_run(
        self, client: Client, make: Make, limit: int
    ) -> None:
        job = make(inline=[{}] * 3)
        lifecycle.claim_items(job.pk, limit=limit, worker="w")
        if limit > 1:
            Claim.objects.update(item_since=Now())

        assert [at for at, _ in items(client, job, "status=running")] == list(range(limit))

    def test_pages_of_pending_ones_go_on_by_position(self, client: Client, leased: Job) -> None:
        JobItem.objects.filter(position=3).update(not_before=Now())
        path = f"/api/batch-jobs/{leased.pk}/items?status=pending&limit=1"
        seen: list[int] = []
        cursor: str | None = ""

        while cursor is not None:
            told = client.get(f"{path}&cursor={cursor}" if cursor else path).json()["data"]
            seen += [item["position"] for item in told["items"]]
            cursor = told["nextCursor"]

        assert seen == [0, 2, 3, 4]


class TestMany:
    @pytest.fixture
    def large(self, done: Make) -> Job:
        job = done(items=1, ms=0)
        with connection.cursor() as cursor:
            cursor.execute(FILL, [job.pk, MANY])
            cursor.execute("ANALYZE jobs_jobitem")
        return job

    def test_what_is_rare_is_found_without_reading_all(self, client: Client, large: Job) -> None:
        expected = dict.fromkeys((f"search={MANY - 1}", f"search=a-{MANY - 1}"), 1)
        expected |= {f"status={one}": 0 for one in ("pending", "running", "cancelled", "failed")}

        for query, found in expected.items():
            with ReadRows() as read:
                assert len(items(client, large, query)) == found
            assert read.rows < MANY / 20, query


class ReadRows:
    """Count the rows of items that the database fetched or scanned for this session."""

    rows = 0

    def __enter__(self) -> "ReadRows":
        self._before = self._read()
        return self

    def __exit__(self, *_: Any) -> None:
        self.rows = self._read() - self._before

    def _read(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables"
                " WHERE relname = 'jobs_jobitem'"
            )
            return int(cursor.fetchone()[0])
