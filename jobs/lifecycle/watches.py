"""Keep who is mailed when jobs end."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction

from batchops.models import User
from jobs.errors import NoAddress
from jobs.lifecycle.record import log
from jobs.models import JobWatch

WISHES = ("on_completed", "on_failed", "on_cancelled")


def watch_job(job_id: str, user: User, *, on: bool) -> bool:
    """Mail `user` when this job ends in whichever way, or no longer; return whether that is new.

    It holds for each end of the job: a retry that is done is mailed too.

    :raises NoAddress: when the user has no e-mail address.
    """
    if not on:
        return bool(JobWatch.objects.filter(user=user, job=job_id).delete()[0])
    _require_address(user)
    _, is_new = JobWatch.objects.get_or_create(user=user, job_id=job_id)
    if is_new:
        log.info("watch job=%s by=user:%s", job_id, user.get_username())
    return is_new


@transaction.atomic
def watch_types(user: User, wanted: Mapping[str, Collection[str]]) -> None:
    """Mail `user` whenever a job of these types ends in the wished ways, of WISHES; none: never.

    Types that are not named stay as they are.

    :raises NoAddress: when something is wished and the user has no e-mail address.
    """
    if any(wanted.values()):
        _require_address(user)
    for name, wishes in wanted.items():
        mine = JobWatch.objects.filter(user=user, job=None, type=name)
        if wishes:
            values: dict[str, Any] = {wish: wish in wishes for wish in WISHES}
            JobWatch.objects.update_or_create(user=user, job=None, type=name, defaults=values)
        else:
            mine.delete()
        log.info("watch type=%s ends=%s by=user:%s", name, sorted(wishes), user.get_username())


def _require_address(user: User) -> None:
    if not user.email:
        raise NoAddress(
            "Your account has no e-mail address, so no mail can reach you. Ask an administrator "
            "to enter one."
        )
