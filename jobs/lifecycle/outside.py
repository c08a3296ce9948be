"""Let programs outside hold items under leases; what they report counts like a worker's."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from batchops.errors import InvalidInput
from jobs import states
from jobs.errors import LostClaim
from jobs.lifecycle.claims import Lease, claim_items, renew
from jobs.lifecycle.record import log, note
from jobs.lifecycle.settling import Outcome, settle
from jobs.models import Claim, Job, JobEvent, JobItem


@dataclass(frozen=True, slots=True)
class Reported:
    """What became of a report: items newly settled, known before, and still held."""

    accepted: int
    repeated: int
    held: int
    cancel_wished: bool


@transaction.atomic
def take(job_id: str, *, limit: int, worker: str) -> Lease | None:
    """Lease up to `limit` items to a program outside; None when none is free or may begin.

    If a cancel is wished, what was taken is given back in the same transaction.
    """
    lease = claim_items(job_id, limit=limit, worker=worker, charges=False)
    if lease is None or lease.job.cancel_requested_at is None:
        return lease
    settle(lease, [], ends=True, unbegun=[item.id for item in lease.items])
    return None


@transaction.atomic
def keep(job_id: str, token: UUID) -> bool:
    """Prolong the lease of a token; return whether a cancel is wished.

    :raises LostClaim: when the job has no such lease, or no longer.
    """
    claim = _locked(job_id, token)
    return renew(_lease(claim))


def report(
    job_id: str, token: UUID, outcomes: Sequence[Outcome], *, gives_back: bool, actor: str
) -> Reported:
    """Settle items of a lease, each once; the lease ends with its last item.

    With `gives_back` it ends now, and others may begin the items not reported.

    :raises LostClaim: when the job has no such lease, or no longer; the first time in a
        generation that a caller loses results so, it is recorded.
    :raises InvalidInput: when an item is none of the lease; then nothing of the report counts.
    """
    try:
        with transaction.atomic():
            return _report(_locked(job_id, token), outcomes, gives_back=gives_back)
    except LostClaim:
        if outcomes:
            _record_refusal(job_id, len(outcomes), actor=actor)
        raise


def _locked(job_id: str, token: UUID) -> Claim:
    held = Claim.objects.filter(job_id=job_id, token=token, kind=states.ITEMS)
    claim = held.select_for_update(no_key=True).first()
    if claim is None:
        log.warning("lease lost job=%s, reported from outside", job_id)
        raise LostClaim(
            f"Job {job_id} has no such lease: it ran out, or all its items were reported. "
            "Claim items anew; those not reported are given to others."
        )
    return claim


def _lease(claim: Claim) -> Lease:
    job = Job.objects.get(pk=claim.job_id)
    return Lease(claim.pk, claim.token, job, claim.kind, charged_s=None)


def _report(claim: Claim, outcomes: Sequence[Outcome], *, gives_back: bool) -> Reported:
    _require_held(claim, outcomes)
    running = JobItem.objects.filter(pk__in=claim.item_ids, claim_id=claim.pk)
    left = set(running.values_list("pk", flat=True))
    fresh = [outcome for outcome in outcomes if outcome.item_id in left]
    left -= {outcome.item_id for outcome in fresh}
    ends = gives_back or not left
    unbegun = sorted(left) if ends else []
    settled = settle(_lease(claim), fresh, ends=ends, unbegun=unbegun)
    return Reported(
        accepted=len(fresh),
        repeated=len(outcomes) - len(fresh),
        held=0 if ends else len(left),
        cancel_wished=settled.cancel_wished,
    )


def _require_held(claim: Claim, outcomes: Sequence[Outcome]) -> None:
    theirs = set(claim.item_ids)
    errors = {
        f"results[{number}].itemId": ["No item of this claim. Report only those it gave."]
        for number, outcome in enumerate(outcomes)
        if outcome.item_id not in theirs
    }
    if errors:
        raise InvalidInput(f"Some input cannot be used: {', '.join(errors)}.", errors)


def _record_refusal(job_id: str, reports: int, *, actor: str) -> None:
    """Note that results were refused, once for each caller: a program may try for ever."""
    job = Job.objects.filter(pk=job_id).first()
    if job is None:
        return
    told = JobEvent.objects.filter(job=job, verb="refuse", actor=actor, generation=job.generation)
    if not told.exists():
        reason = f"A report of {reports} items came under a lease that had ended."
        note(job, "refuse", actor=actor, reason=reason)
