"""File batches for tests: their columns, their files, and how one is begun and done."""

import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from jobs.models import Job, JobItem
from jobs.runner import run_slice

COLUMNS: list[dict[str, Any]] = [
    {"name": "meter", "required": True, "unique": True, "pattern": "M[0-9]{3}"},
    {"name": "read_on", "type": "date", "required": True, "min": "2026-01-01"},
    {"name": "reading", "type": "decimal", "min": "0", "max": "100"},
]
GOOD = b"meter,read_on,reading\nM001,2026-11-22,12.50\nM002,2026-11-22,\n"
BAD = b"meter,read_on,reading\nM001,2026-11-22,1\nM001,2025-01-01,x\nM003,,101\nM004,2026-11-22,5\n"


def begin(client: Client, *files: tuple[str, bytes], **params: Any) -> Any:
    """Ask for a batch of these files; return the answer."""
    body = {"columns": COLUMNS, **params}
    return client.post(
        "/api/batch-jobs",
        {
            "type": "file_batch",
            "params": json.dumps(body),
            "files": [SimpleUploadedFile(name, content) for name, content in files],
        },
    )


def begun(client: Client, *files: tuple[str, bytes], **params: Any) -> Job:
    """Begin a batch and return its job."""
    answer = begin(client, *files, **params)
    assert answer.status_code == 201, answer.content
    return Job.objects.get(pk=answer.json()["data"]["id"])


def checked(client: Client, *files: tuple[str, bytes], **params: Any) -> Job:
    """Begin a batch, do it in this process, and return its job."""
    job = begun(client, *files, **params)
    run_slice()
    job.refresh_from_db()
    return job


def item_of(job: Job, position: int = 0) -> JobItem:
    return JobItem.objects.get(job=job, position=position)


def result_of(job: Job, position: int = 0) -> dict[str, Any]:
    """Return what was found in a file."""
    found: dict[str, Any] | None = item_of(job, position).result
    assert found is not None
    return found
