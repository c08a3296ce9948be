"""SQL as the seeds print it, and what else older consoles read from the database."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client

from jobs import lifecycle
from jobs.models import Job
from tests.jobs.conftest import Make

pytestmark = [pytest.mark.sql, pytest.mark.django_db]

VERIFY = """
-- Check batch status (should be 'completed' or 'completed_with_errors')
SELECT batch_id, status, completed_at 
FROM processing_jobs 
WHERE batch_id = 'YOUR_BATCH_ID';

-- Check run_summaries exists
SELECT run_id, status, total_files, success_files, created_at 
FROM run_summaries 
WHERE run_id IN (
    SELECT COALESCE(run_id, batch_id) 
    FROM processing_jobs 
    WHERE batch_id = 'YOUR_BATCH_ID'
);

-- Check batch_status_summary view
SELECT * 
FROM batch_status_summary 
WHERE batch_id = 'YOUR_BATCH_ID';
"""  # noqa: W291 (as it was printed)
STUCK = """
SELECT 
    pj.batch_id,
    pj.status,
    bss.files_success,
    bss.files_failed,
    bss.total_files,
    bss.last_file_completed_at,
    EXTRACT(EPOCH FROM (NOW() - bss.last_file_completed_at)) as seconds_since_last_file
FROM processing_jobs pj
INNER JOIN batch_status_summary bss ON pj.batch_id = bss.batch_id
WHERE pj.status = 'processing'
    AND bss.files_processing = 0
    AND bss.files_pending = 0
    AND (bss.files_success + bss.files_failed) >= bss.total_files
ORDER BY bss.last_file_completed_at ASC;
"""  # noqa: W291 (as it was printed)
FIELDS = {
    "id": "id",
    "campaign_id": "campaignId",
    "external_id": "externalId",
    "status": "status",
    "outcome": "outcome",
    "total_recipients": "totalRecipients",
    "processed_count": "processedCount",
    "success_count": "successCount",
    "failed_count": "failedCount",
    "cancelled_count": "cancelledCount",
    "created_at": "createdAt",
    "started_at": "startedAt",
    "completed_at": "completedAt",
    "output_zip_path": "outputZipPath",
}
VIEWS = (
    "batch_jobs",
    "batch_job_progress",
    "processing_jobs",
    "run_summaries",
    "batch_status_summary",
)


def ask(sql: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.fixture
def several(make: Make, done: Make) -> list[Job]:
    """Make a job in each state that older SQL may meet."""
    found = [
        done(items=4, ms=0),
        done(items=4, ms=0, failPercent=50),
        done(items=3, ms=0, failPercent=100),
        make(items=5, ms=0),
        make(inline=[{}, {}, {}, {}], ms=0),
        make(inline=[{}, {}], ms=0),
    ]
    lifecycle.claim_items(found[4].pk, limit=3, worker="busy")
    lifecycle.cancel(found[5].pk, actor="user:x")
    return found


class TestSeeds:
    def test_verifying_a_batch_finds_its_status_summary_and_counts(
        self, client: Client, done: Make
    ) -> None:
        job = done(items=4, ms=0, failPercent=50)
        status, summary, counts = (
            ask(statement.replace("YOUR_BATCH_ID", job.pk)) for statement in VERIFY.split(";")[:3]
        )

        assert status == [
            {"batch_id": job.pk, "status": "completed_with_errors", "completed_at": job.finished_at}
        ]
        assert [(s["run_id"], s["total_files"], s["success_files"]) for s in summary] == [
            (job.pk, 4, 2)
        ]
        assert counts[0]["files_failed"] == 2

    def test_a_stuck_batch_is_found_and_no_other(self, several: list[Job], make: Make) -> None:
        stuck = make(inline=[{}, {}], ms=0)
        stuck.items.update(state="succeeded", finished_at=stuck.created_at)
        Job.objects.filter(pk=stuck.pk).update(
            state="processing", succeeded=2, last_settled_at=stuck.created_at
        )

        found = ask(STUCK)

        assert [row["batch_id"] for row in found] == [stuck.pk]
        assert found[0]["seconds_since_last_file"] > 0


class TestViews:
    def test_they_say_what_the_api_says(self, client: Client, several: list[Job]) -> None:
        rows = {row["id"]: row for row in ask("SELECT * FROM batch_jobs")}
        progress = {row["job_id"]: row for row in ask("SELECT * FROM batch_job_progress")}
        counts = {row["batch_id"]: row for row in ask("SELECT * FROM batch_status_summary")}

        for job in several:
            told = client.get(f"/api/batch-jobs/{job.pk}").json()["data"]
            batch = client.get(f"/api/batches/{job.pk}").json()
            row = rows[job.pk]
            plain = {
                field: value.isoformat() if hasattr(value, "isoformat") else value
                for field, value in row.items()
            }
            assert {c: plain[c] for c in FIELDS} == {c: told[name] for c, name in FIELDS.items()}
            assert progress[job.pk]["progress_percent"] == told["progressPercent"]
            assert {
                "filesSuccess": counts[job.pk]["files_success"],
                "filesFailed": counts[job.pk]["files_failed"],
                "filesProcessing": counts[job.pk]["files_processing"],
                "filesPending": counts[job.pk]["files_pending"],
                "filesTotal": counts[job.pk]["total_files"] or 0,
            }.items() <= batch.items()

    def test_a_batch_goes_by_the_id_it_was_given(self, make: Make) -> None:
        job = make(items=1, ms=0)
        Job.objects.filter(pk=job.pk).update(external_id="batch_7")

        assert ask("SELECT run_id FROM processing_jobs WHERE batch_id = 'batch_7'") == [
            {"run_id": job.pk}
        ]

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE {view} SET {column} = {column}",
            "UPDATE {view} SET {column} = {column} WHERE false",
            "DELETE FROM {view}",
            "INSERT INTO {view} ({column}) VALUES ('x')",
        ],
    )
    def test_writing_is_refused_in_words(self, done: Make, statement: str) -> None:
        done(items=1, ms=0)
        first = {"batch_jobs": "id", "batch_job_progress": "job_id", "run_summaries": "run_id"}
        for view in VIEWS:
            sql = statement.format(view=view, column=first.get(view, "batch_id"))

            with pytest.raises(DatabaseError, match=f"{view} is read-only"), transaction.atomic():
                ask(sql)

    def test_migrating_back_and_forth_brings_them_back(self) -> None:
        call_command("migrate", "jobs", "zero", fake=True, verbosity=0)
        assert ask("SELECT viewname FROM pg_views WHERE viewname LIKE 'batch_job%'") == []

        call_command("migrate", "jobs", fake=True, verbosity=0)

        found = ask("SELECT viewname FROM pg_views WHERE schemaname = 'public'")
        assert {row["viewname"] for row in found} >= set(VIEWS)
