"""Add up the files of a job, in the database."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection

from jobs.models import Job
from jobs.types.file_batch.checks import in_words

SQL = Path(__file__).with_name("summary.sql").read_text(encoding="utf-8")


class KindCount(NamedTuple):
    """How often a kind of error was found."""

    said: str
    errors: int


def summarise(job: Job) -> dict[str, Any]:
    """Return what a job's files came to together: rows, errors by kind, the slowest file."""
    with connection.cursor() as cursor:
        cursor.execute(SQL, [job.pk])
        found: dict[str, Any] = json.loads(cursor.fetchone()[0])
    return found


def kinds_in_words(kinds: Mapping[str, int]) -> list[KindCount]:
    """Return counts by kind in words, the most frequent first."""
    by_count = sorted(kinds.items(), key=lambda one: (-one[1], one[0]))
    return [KindCount(in_words(kind), count) for kind, count in by_count]
