"""Take leases from workers that are dead, frozen or cut off."""

from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from typing import Any

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from jobs import states
from jobs.errors import JobNotFound, MoveRefused
from jobs.lifecycle.moves import give_up
from jobs.lifecycle.record import locked, log, note
from jobs.lifecycle.settling import close, return_items
from jobs.lifecycle.turns import charge
from jobs.models import Claim, Job

DEATHS_ALLOWED = 3
ACTOR = "system:sweep"
DIED = f"Its worker died {DEATHS_ALLOWED} times while working on this item alone. Look at its data."

# Of a chunk nobody knows which item did it, so all become suspect; a death counts only against
# one that was suspect already and alone.
DEATHS = "deaths + (suspect AND %(alone)s)::int"
# The clock is the database's. An item that was alone keeps its attempt, for it was begun; of a
# chunk most were not, so a death, which is bounded by itself, costs none of them an attempt.
SUSPECT_SQL = f"""
    UPDATE jobs_jobitem
       SET claim_id = NULL, suspect = true, deaths = {DEATHS},
           attempts = attempts - (NOT %(alone)s)::int,
           state = CASE WHEN {DEATHS} >= %(allowed)s THEN 'failed' ELSE 'pending' END,
           error = CASE WHEN {DEATHS} >= %(allowed)s THEN %(error)s ELSE error END,
           finished_at = CASE WHEN {DEATHS} >= %(allowed)s THEN clock_timestamp() END
     WHERE id = ANY(%(ids)s) AND claim_id = %(claim)s AND state = 'running'
 RETURNING id, state
"""  # noqa: S608 (only constants are put together)


def expire_claims() -> int:
    """Take every lease that ran out; return how many. Each in a transaction of its own.

    Why it ran out nobody knows, so the worker counts as dead of what it worked on.
    """
    late = Claim.objects.filter(expires_at__lt=Now()).order_by("expires_at")
    # SKIP LOCKED: whoever holds the row renews it at this moment, or takes it as well.
    free = late.select_for_update(no_key=True, skip_locked=True)
    return sum(_end(free, claim_id) for claim_id in late.values_list("pk", flat=True))


def end_claims_of(prefix: str, *, culprits: Collection[str]) -> int:
    """Take every lease of the dead workers whose names begin with `prefix`; return how many.

    What `culprits` worked on is suspected of their death. All others were ended with their
    cluster, so what they held goes back as if they had never taken it.
    """
    theirs = Claim.objects.filter(worker__startswith=prefix).order_by("pk")
    locking = theirs.select_for_update(no_key=True)
    held = list(theirs.values_list("pk", "worker"))
    return sum(_end(locking, pk, suspects=worker in culprits) for pk, worker in held)


def _end(claims: QuerySet[Claim], claim_id: int, *, suspects: bool = True) -> bool:
    with transaction.atomic():
        claim = claims.filter(pk=claim_id).first()
        if claim is None:
            return False
        log.warning(
            "lease taken job=%s kind=%s worker=%s items=%d suspects=%s",
            claim.job_id,
            claim.kind,
            claim.worker,
            len(claim.item_ids),
            suspects,
        )
        hopeless = _take_back(claim) if suspects else _hand_back(claim)
    if hopeless:
        with suppress(MoveRefused, JobNotFound):  # it has ended meanwhile
            give_up(claim.job_id, error=hopeless, actor=ACTOR)
    return True


def _take_back(claim: Claim) -> str:
    """Undo a claim; return why its job must be given up, empty when it need not be."""
    if claim.kind == states.ITEMS:
        _suspect_items(claim)
        return ""
    claim.delete()
    return _count_expansion_death(claim) if claim.kind == states.EXPAND else ""


def _hand_back(claim: Claim) -> str:
    """Undo a claim as if it had never been; its job goes on."""
    returned = return_items(claim.pk, claim.item_ids)
    _note_end(claim, len(returned), "was ended with its cluster and gave back")
    claim.delete()
    if returned:
        close(claim.job_id, {}, returned=returned, actor=ACTOR)
    if claim.kind == states.ITEMS:
        _charge_as_worked(claim)
    return ""


def _suspect_items(claim: Claim) -> None:
    values: dict[str, Any] = {
        "alone": len(claim.item_ids) == 1,
        "allowed": DEATHS_ALLOWED,
        "error": DIED,
        "ids": claim.item_ids,
        "claim": claim.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(SUSPECT_SQL, values)
        rows = cursor.fetchall()
    _note_end(claim, len(rows), "went silent with")
    claim.delete()
    if rows:
        counts = Counter(state for _, state in rows if state == states.FAILED)
        pending = [item_id for item_id, state in rows if state == states.PENDING]
        close(claim.job_id, counts, returned=pending, actor=ACTOR)
    _charge_as_worked(claim)


def _charge_as_worked(claim: Claim) -> None:
    """Charge a job for the time its lost worker showed life, not for what it had leased.

    What was charged beforehand is known only about: who is given back too much is not owed it.
    """
    job = locked(claim.job_id)
    worked_s = (claim.heartbeat_at - claim.created_at).total_seconds()
    items = 1 if job.last_settled_at is None else len(claim.item_ids)
    charge(job.pk, spent_s=max(0.0, worked_s), charged_s=items * job.item_s)


def _note_end(claim: Claim, items: int, what: str) -> None:
    if items:
        reason = f"Worker {claim.worker} {what} {items} items (claim {claim.pk})."
        note(claim.job, "expire", actor=ACTOR, reason=reason)


def _count_expansion_death(claim: Claim) -> str:
    open_job = Job.objects.filter(pk=claim.job_id, expanded_at=None)
    open_job.update(expand_deaths=F("expand_deaths") + 1)
    if open_job.filter(expand_deaths__gte=DEATHS_ALLOWED).exists():
        return f"Its worker died {DEATHS_ALLOWED} times while making the items."
    return ""
