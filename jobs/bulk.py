"""Cancel or retry many jobs in one go, and say of each what happened."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from django.db import OperationalError
from django.utils.translation import gettext as _

from batchops import outage
from batchops.errors import BatchOpsError, Conflict, InvalidInput, NotFound
from jobs import lifecycle, queries
from jobs.models import Job
from jobs.queries import JobFilter, JobKey
from jobs.start import ring

Action = Literal["cancel", "retry"]
# Each is a move, an event row and a transaction of its own: a caller waits for some hundreds.
TIME_S = 3.0
IDS_MAX = 1_000
BATCH = 200


@dataclass(frozen=True, slots=True)
class Done:
    """What happened to one job.

    `outcome` is cancelled, cancelling (its workers end first), retried, refused (the message
    says why), not_found or not_reached (the time was over; send it again). `job_id` is the name
    that the caller used.
    """

    job_id: str
    outcome: str
    message: str


@dataclass(slots=True)
class Bulk:
    """What happened to each job, and how many that match were not reached, 0 when all were.

    `next_key` is where to go on (`after`), None when nothing is left.
    """

    done: list[Done] = field(default_factory=list)
    left: int = 0
    next_key: JobKey | None = None


def bulk(
    action: Action,
    *,
    ids: Sequence[str] | None = None,
    matching: JobFilter | None = None,
    after: JobKey | None = None,
    actor: str,
) -> Bulk:
    """Cancel or retry the jobs of `ids`, or all that match, newest first, for TIME_S seconds.

    Every job is a move of its own: one that is refused keeps no other from being done. Of
    `matching`, only jobs are looked at that the action could change.

    :raises InvalidInput: when not exactly one of `ids` and `matching` is given, or over 1,000 ids.
    """
    ends_at = time.monotonic() + TIME_S
    if ids is not None and matching is None:
        result = _each(action, _checked(ids), actor=actor, ends_at=ends_at)
    elif matching is not None and ids is None:
        result = _all(action, matching, after=after, actor=actor, ends_at=ends_at)
    else:
        sentence = _("Give either ids or a filter, not both and not neither.")
        raise InvalidInput(sentence, {"ids": [sentence], "filter": [sentence]})
    if result.done:
        ring()
    return result


def _checked(ids: Sequence[str]) -> list[str]:
    if len(ids) > IDS_MAX:
        sentence = _("At most %(n)s ids at once; send the others after these.") % {"n": IDS_MAX}
        raise InvalidInput(sentence, {"ids": [sentence]})
    return list(dict.fromkeys(ids))


def _each(action: Action, ids: list[str], *, actor: str, ends_at: float) -> Bulk:
    result = Bulk()
    for name in ids:
        if time.monotonic() < ends_at:
            result.done.append(_change_named(action, name, actor=actor))
        else:
            sentence = _("There was no time left for it. Send it again.")
            result.done.append(Done(name, "not_reached", sentence))
            result.left += 1
    return result


def _all(
    action: Action, matching: JobFilter, *, after: JobKey | None, actor: str, ends_at: float
) -> Bulk:
    result = Bulk()
    for key in _keys(action, matching, after):
        if time.monotonic() >= ends_at:
            result.left = queries.changeable(action, matching, after=after).count()
            result.next_key = after if result.left else None
            return result
        result.done.append(_change(action, key[1], name=key[1], actor=actor))
        after = key
    return result


def _keys(action: Action, matching: JobFilter, after: JobKey | None) -> Iterator[JobKey]:
    while True:
        found = queries.changeable(action, matching, after=after)
        keys = list(found.values_list("created_at", "pk")[:BATCH])
        yield from keys
        if len(keys) < BATCH:
            return
        after = keys[-1]


def _change_named(action: Action, name: str, *, actor: str) -> Done:
    try:
        job = queries.find_job(name)
    except NotFound as error:
        return Done(name, "not_found", error.message)
    return _change(action, job.pk, name=name, actor=actor)


def _change(action: Action, job_id: str, *, name: str, actor: str) -> Done:
    try:
        if action == "cancel":
            return _cancelled(lifecycle.cancel(job_id, actor=actor, within_s=0), name)
        lifecycle.retry(job_id, actor=actor)
    except (Conflict, NotFound) as error:
        return Done(name, _refusal(error), error.message)
    except OperationalError as error:
        if not outage.is_held(error):
            raise
        return Done(name, "refused", outage.explain(error).message)
    return Done(name, "retried", _("Its failed items are done again."))


def _cancelled(job: Job, name: str) -> Done:
    if job.is_open:
        return Done(name, "cancelling", _("It ends as soon as its workers have seen the wish."))
    return Done(name, "cancelled", _("It is cancelled. What was done stays done."))


def _refusal(error: BatchOpsError) -> str:
    return "not_found" if isinstance(error, NotFound) else "refused"
