"""Take leases that ran out from workers that are dead, frozen or cut off."""

from collections import Counter
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from jobs import states
from jobs.lifecycle.moves import give_up
from jobs.lifecycle.record import log, note
from jobs.lifecycle.settling import close
from jobs.models import Claim, Job

DEATHS_ALLOWED = 3
ACTOR = "system:sweep"
DIED = f"Its worker died {DEATHS_ALLOWED} times while working on this item alone. Look at its data."

# Of a chunk nobody knows which item did it, so all become suspect; only a death alone counts.
# The clock is the database's: started_at and the attempt stay, the work may have been done.
EXPIRE_SQL = """
    UPDATE jobs_jobitem
       SET claim_id = NULL, suspect = true, deaths = deaths + %(alone)s,
           state = CASE WHEN deaths + %(alone)s >= %(allowed)s THEN 'failed' ELSE 'pending' END,
           error = CASE WHEN deaths + %(alone)s >= %(allowed)s THEN %(error)s ELSE error END,
           finished_at = CASE WHEN deaths + %(alone)s >= %(allowed)s THEN clock_timestamp() END
     WHERE id = ANY(%(ids)s) AND claim_id = %(claim)s AND state = 'running'
 RETURNING id, state
"""


def expire_claims() -> int:
    """Take every lease that ran out; return how many. Each in a transaction of its own."""
    late = Claim.objects.filter(expires_at__lt=Now()).order_by("expires_at")
    return sum(_expire(claim_id) for claim_id in late.values_list("pk", flat=True))


def _expire(claim_id: int) -> bool:
    with transaction.atomic():
        claim = (
            Claim.objects.select_for_update(no_key=True, skip_locked=True)
            .filter(pk=claim_id, expires_at__lt=Now())
            .first()
        )
        if claim is None:
            return False
        log.warning(
            "lease ran out job=%s kind=%s worker=%s items=%d",
            claim.job_id,
            claim.kind,
            claim.worker,
            len(claim.item_ids),
        )
        hopeless = _take_back(claim)
    if hopeless:
        give_up(claim.job_id, error=hopeless, actor=ACTOR)
    return True


def _take_back(claim: Claim) -> str:
    """Undo a claim; return why its job must be given up, empty when it need not be."""
    if claim.kind == states.ITEMS:
        _suspect_items(claim)
        return ""
    claim.delete()
    return _count_expansion_death(claim) if claim.kind == states.EXPAND else ""


def _suspect_items(claim: Claim) -> None:
    values: dict[str, Any] = {
        "alone": int(len(claim.item_ids) == 1),
        "allowed": DEATHS_ALLOWED,
        "error": DIED,
        "ids": claim.item_ids,
        "claim": claim.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(EXPIRE_SQL, values)
        rows = cursor.fetchall()
    claim_id, worker = claim.pk, claim.worker
    claim.delete()
    if not rows:
        return
    counts = Counter(state for _, state in rows if state == states.FAILED)
    note(
        claim.job,
        "expire",
        actor=ACTOR,
        reason=f"Worker {worker} went silent with {len(rows)} items (claim {claim_id}).",
    )
    pending = [item_id for item_id, state in rows if state == states.PENDING]
    close(claim.job_id, counts, returned=pending, actor=ACTOR)


def _count_expansion_death(claim: Claim) -> str:
    open_job = Job.objects.filter(pk=claim.job_id, expanded_at=None)
    open_job.update(expand_deaths=F("expand_deaths") + 1)
    if open_job.filter(expand_deaths__gte=DEATHS_ALLOWED).exists():
        return f"Its worker died {DEATHS_ALLOWED} times while making the items."
    return ""
