"""Make a job's items in batches, each of which can be the last that its worker lives to make."""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from jobs.errors import LostClaim
from jobs.lifecycle.claims import Lease, renew
from jobs.lifecycle.record import finish_if_settled, locked, note, push
from jobs.lifecycle.settling import release
from jobs.models import Job

COPY_SQL = """
    COPY jobs_jobitem (job_id, position, params, state, attempts, deaths, suspect, error)
    FROM STDIN
"""


@transaction.atomic
def add_items(lease: Lease, params: Sequence[dict[str, Any] | None], *, start: int) -> int:
    """Store the items at positions `start` and on; return the position after the last.

    :raises LostClaim: when the lease ran out, another worker got further, or a cancel ended it.
    """
    renew(lease)
    _copy(lease.job.pk, params, start)
    after = start + len(params)
    # The guard decides under the job's lock, after the items: a cancel that closed the making
    # of items meanwhile finds none of these.
    # Who gets further may die as often as before.
    advanced = Job.objects.filter(pk=lease.job.pk, expanded_at=None, next_position=start).update(
        next_position=after, expand_deaths=0
    )
    if not advanced:
        raise LostClaim(f"The making of items of job {lease.job.pk} was ended by somebody else.")
    push(lease.job.pk)
    return after


def _copy(job_id: str, params: Sequence[dict[str, Any] | None], start: int) -> None:
    # Django names the errors of its own calls, not those of a copy.
    named = connection.wrap_database_errors
    with connection.cursor() as cursor, named, cursor.copy(COPY_SQL) as copy:
        for position, one in enumerate(params, start):
            text = None if one is None else json.dumps(one)
            copy.write_row((job_id, position, text, "pending", 0, 0, False, ""))


@transaction.atomic
def close_expansion(lease: Lease) -> None:
    """Say that the last item is made: now the total is known, and the job can be over.

    :raises LostClaim: when the lease ran out or a cancel closed it before.
    """
    renew(lease)
    release(lease)
    job = locked(lease.job.pk)
    closed = Job.objects.filter(pk=job.pk, expanded_at=None).update(
        items_total=F("next_position"), expanded_at=Now()
    )
    if not closed:
        raise LostClaim(f"The making of items of job {job.pk} was ended by somebody else.")
    job.refresh_from_db()
    note(job, "expand", actor="system:worker", reason=f"{job.items_total} items")
    finish_if_settled(job, actor="system:worker")
