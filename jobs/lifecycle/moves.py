"""Create, cancel, retry and end jobs."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Value
from django.db.models.functions import Now

from batchops.models import User
from jobs import queries, states
from jobs.errors import (
    AlreadyRunning,
    DuplicateExternalId,
    ItemsRemoved,
    MoveRefused,
    NothingToRetry,
)
from jobs.lifecycle.items import cancel_batch
from jobs.lifecycle.record import count, finish_if_settled, locked, log, move, note, push
from jobs.lifecycle.reopening import left_as_it_was, reopen_few, to_be_reopened
from jobs.lifecycle.uploads import use_uploads
from jobs.models import Job, JobItem

# The constraint by which one job of a key may be open.
SINGLE_FLIGHT = "job_single_flight"
CANCEL_BATCH = 2_000
# How long a caller waits at most; a person's request is one. The next slice or sweep goes on.
CANCEL_TIME_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """What a job starts with. `items` None: its type makes them, in a worker."""

    type: str
    title: str
    params: dict[str, Any]
    created_by: str
    items: Sequence[dict[str, Any]] | None = None
    priority: int = 0
    campaign_id: str = ""
    external_id: str = ""
    single_flight_key: str = ""
    parent_id: str | None = None
    makes_artifact: bool = False
    # Uploads that become its files, and whose they are.
    files: Sequence[str] = ()
    files_of: User | None = None


def create(new: NewJob) -> Job:
    """Store a job, with its inline items if it has any.

    :raises AlreadyRunning: when another job of its single-flight key is open.
    :raises DuplicateExternalId: when another job has its external id, or that for its id.
    :raises MoveRefused: when it follows on a job that is not done.
    :raises ItemsRemoved: when retention removed the items of the job it follows.
    :raises InvalidInput: when a file of it cannot be had any more.
    """

    @transaction.atomic
    def store() -> Job:
        parent = locked(new.parent_id) if new.parent_id else None
        if parent is not None:
            require_done(parent)
        job = _insert(new)
        use_uploads(job, new.files, owner=new.files_of)
        note(job, "create", actor=new.created_by)
        if parent is not None:
            note(parent, "follow_up", actor=new.created_by, reason=f"{job.title} ({job.pk})")
        finish_if_settled(job, actor=new.created_by)
        return job

    return _unless_held(store, new.single_flight_key, new.external_id)


def require_done(parent: Job) -> None:
    """Pass when a job has completed and has its items, so that others may follow on it.

    :raises MoveRefused: when it has not completed, or no item of it succeeded.
    :raises ItemsRemoved: when retention removed its items.
    """
    if parent.state not in states.DONE:
        raise MoveRefused(
            f"Nothing can follow on job {parent.pk} yet: it is {states.said(parent.state)}. Wait "
            "until it has completed.",
            state=parent.state,
        )
    _require_items(parent, "nothing can follow on it")
    if not parent.succeeded:
        raise MoveRefused(
            f"Nothing can follow on job {parent.pk}: none of its items succeeded.",
            state=parent.state,
        )


def _require_items(job: Job, hence: str) -> None:
    if job.items_removed_at is not None:
        raise ItemsRemoved(
            f"The items of job {job.pk} were removed on {job.items_removed_at:%Y-%m-%d}, as old "
            f"ones are, so {hence}. Start a new job."
        )


def _insert(new: NewJob) -> Job:
    if new.external_id and Job.objects.filter(pk=new.external_id).exists():
        raise DuplicateExternalId(
            f"'{new.external_id}' is the id of another job. Use another external id, or none."
        )
    known = new.items is not None
    total = len(new.items) if new.items is not None else None
    job = Job.objects.create(
        type=new.type,
        title=new.title,
        params=new.params,
        created_by=new.created_by,
        priority=new.priority,
        campaign_id=new.campaign_id,
        external_id=new.external_id,
        single_flight_key=new.single_flight_key,
        parent_id=new.parent_id,
        makes_artifact=new.makes_artifact,
        items_total=total,
        next_position=total or 0,
        expanded_at=Now() if known else None,
    )
    JobItem.objects.bulk_create(
        JobItem(job=job, position=position, params=params)
        for position, params in enumerate(new.items or ())
    )
    job.refresh_from_db()
    return job


def cancel(job_id: str, *, actor: str, within_s: float | None = None) -> Job:
    """Record the wish to stop a job, and cancel what nobody has begun.

    A job no worker is at ends in this call, unless it is so large that a worker has to carry on,
    as it has to after `within_s` seconds (CANCEL_TIME_S); any other when its workers have seen
    the wish, within seconds. A second wish while the first is being carried out changes nothing.

    :raises JobNotFound: when there is none.
    :raises MoveRefused: when it has ended already.
    """
    with transaction.atomic():
        cancelled = cancel_batch(job_id, limit=CANCEL_BATCH)
        job = locked(job_id)
        if job.cancel_requested_at is None or not job.is_open:
            job = move(
                job,
                "cancel",
                actor=actor,
                cancel_requested_at=Now(),
                cancel_requested_by=actor,
                **_closed_expansion(job),
                **left_as_it_was(),
            )
        _count_cancelled(job, cancelled, actor=actor)
    return cancel_pending(job_id, actor=actor, within_s=within_s)


def cancel_pending(job_id: str, *, actor: str, within_s: float | None = None) -> Job:
    """Carry out a wish to cancel: settle what is pending, batch by batch; return the job.

    It stops after `within_s` seconds (CANCEL_TIME_S), whether something is left or not.
    """
    ends_at = time.monotonic() + (CANCEL_TIME_S if within_s is None else within_s)
    while _cancel_one_batch(job_id, actor=actor) and time.monotonic() < ends_at:
        pass
    return Job.objects.get(pk=job_id)


def _cancel_one_batch(job_id: str, *, actor: str) -> int:
    with transaction.atomic():
        cancelled = cancel_batch(job_id, limit=CANCEL_BATCH)
        if not cancelled:
            return 0
        job = locked(job_id)
        if not job.is_open or job.cancel_requested_at is None:
            # Somebody retried the job meanwhile: that wish is the newer one.
            transaction.set_rollback(True)
            return 0
        _count_cancelled(job, cancelled, actor=actor)
    return cancelled


def _count_cancelled(job: Job, cancelled: int, *, actor: str) -> None:
    counted = count(job.pk, {states.CANCELLED: cancelled})
    if counted is not None:
        finish_if_settled(counted, actor=actor)
        push(job.pk)


def _closed_expansion(job: Job) -> dict[str, Any]:
    """Return the changes that end the making of items where it stands, if it was going on.

    Workers add items only while `expanded_at` is null, and decide that under the job's row lock.
    """
    if job.expanded_at is not None:
        return {}
    return {"items_total": F("next_position"), "expanded_at": Now(), "cut_short": True}


def give_up(job_id: str, *, error: str, actor: str, within_s: float | None = None) -> Job:
    """Fail a job as a whole, because its type cannot go on, and cancel its pending items.

    As with `cancel`, workers do what is left of that after `within_s` seconds.

    :raises JobNotFound: when there is none.
    :raises MoveRefused: when it has ended already.
    """
    with transaction.atomic():
        job = locked(job_id)
        job = move(
            job,
            "give_up",
            actor=actor,
            reason=error,
            error=error,
            cancel_requested_at=job.cancel_requested_at or Now(),
            cancel_requested_by=job.cancel_requested_by or actor,
            **_closed_expansion(job),
            **left_as_it_was(),
        )
        finish_if_settled(job, actor=actor)
    return cancel_pending(job_id, actor=actor, within_s=within_s)


def retry(job_id: str, *, actor: str, include_cancelled: bool = False) -> Job:
    """Open a new generation in which the failed items are done again; return the job.

    `include_cancelled` takes those that a cancel left undone as well. A job whose type gave up
    goes on where it stopped. What succeeded stays as it is, and stays counted. Where many items are
    to be done again, workers open them; until then each looks as it ended, but counts as pending.

    :raises JobNotFound: when there is none.
    :raises MoveRefused: when it has not ended.
    :raises NothingToRetry: when no item is to be done again.
    :raises ItemsRemoved: when its items were removed by retention, or those it is made from.
    :raises AlreadyRunning: when another job of its single-flight key is open.
    """

    @transaction.atomic
    def reopen() -> Job:
        return _retry(locked(job_id), actor=actor, include_cancelled=include_cancelled)

    key = Job.objects.filter(pk=job_id).values_list("single_flight_key", flat=True).first()
    return _unless_held(reopen, key or "")


def _retry(job: Job, *, actor: str, include_cancelled: bool) -> Job:
    again = queries.states_to_retry(job, include_cancelled=include_cancelled)
    reopen = queries.lists_the_rest(job, again)
    if not job.is_open and not reopen and not queries.count_to_retry(job, again):
        raise NothingToRetry(
            f"Nothing failed in job {job.pk}, so there is nothing to retry. To do it all "
            "again, start a new job.",
            state=job.state,
        )
    _require_items(job, "they cannot be done again")
    if reopen and job.parent_id:
        _require_items(locked(job.parent_id), "those of the job that follows cannot be made")
    # The job's row comes before its items here, which no other writer can run into: an ended job
    # has no item that anybody else may touch.
    job = move(
        job,
        "retry",
        actor=actor,
        state=states.PENDING,
        generation=F("generation") + 1,
        **_counters_without(again),
        **to_be_reopened(again),
        **(_reopened_expansion() if reopen else {}),
        error="",
        expand_deaths=0,
        recent_rate=0,
        served_s=0,
        served_from_s=0,
        waits_until=None,
        started_at=None,
        finished_at=None,
        summarised_at=None,
        cancel_requested_at=None,
        cancel_requested_by="",
    )
    reopen_few(job)
    return job


def _reopened_expansion() -> dict[str, Any]:
    return {"expanded_at": None, "items_total": None, "cut_short": False}


def _counters_without(again: Sequence[str]) -> dict[str, Any]:
    kept = [state for state in (states.SUCCEEDED, states.FAILED) if state not in again]
    carried = sum((F(state) for state in kept), start=Value(0))
    return {"carried": carried, **dict.fromkeys(again, 0)}


def prioritise(job_id: str, priority: int, *, actor: str) -> Job:
    """Let workers choose an open job earlier (higher) or later; return it.

    Nothing happens when it has that priority already.

    :raises JobNotFound: when there is none.
    :raises MoveRefused: when it has ended, so that nobody chooses it any more.
    """
    with transaction.atomic():
        job = locked(job_id)
        if job.is_open and job.priority == priority:
            return job
        reason = f"{job.priority} -> {priority}"
        return move(job, "prioritise", actor=actor, reason=reason, priority=priority)


def finalise(job_id: str, *, actor: str) -> bool:
    """End a job if all its items are settled; say whether this call did. Safe to call any time.

    The settling of the last item has normally done it in its own transaction; the sweep and the
    summary route call this for whatever was left behind.

    :raises JobNotFound: when there is none.
    """
    log.info("finalise called job=%s by=%s", job_id, actor)
    with transaction.atomic():
        job = locked(job_id)
        if not job.is_open:
            log.info("finalise skipped job=%s because it is %s", job_id, job.state)
            return False
        if job.items_total is None:
            log.info("finalise skipped job=%s because its items are not all known", job_id)
            return False
        finished = finish_if_settled(job, actor=actor)
    if not finished:
        log.info(
            "finalise skipped job=%s because %d of %d items are settled",
            job_id,
            job.settled,
            job.items_total,
        )
    return finished


def _unless_held(
    make_move: Callable[[], Job], single_flight_key: str, external_id: str = ""
) -> Job:
    """Make a move that opens a job; once more if who was in its way ended at that moment."""
    try:
        return make_move()
    except IntegrityError as error:
        if not _has_let_go(error, single_flight_key):
            _explain_clash(error, single_flight_key, external_id)
            raise
    try:
        return make_move()
    except IntegrityError as error:
        _explain_clash(error, single_flight_key, external_id)
        raise


def _has_let_go(error: IntegrityError, single_flight_key: str) -> bool:
    return _rule_of(error) == SINGLE_FLIGHT and queries.holder_of(single_flight_key) is None


def _rule_of(error: IntegrityError) -> str:
    return str(getattr(getattr(error.__cause__, "diag", None), "constraint_name", ""))


def _explain_clash(error: IntegrityError, single_flight_key: str, external_id: str) -> None:
    rule = _rule_of(error)
    if rule == SINGLE_FLIGHT:
        holder = queries.holder_of(single_flight_key)
        raise AlreadyRunning(
            "A job like this is running already, and only one may. Wait for it, or cancel it.",
            running=holder,
        ) from error
    if rule == "job_external_id":
        raise DuplicateExternalId(
            f"Another job has the external id '{external_id}'. Use another, or leave it out."
        ) from error
