"""Tell a cluster that there is work; which work, the database knows."""

from datetime import datetime
from functools import cache

from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ, Task
from django_q.tasks import async_task

from batchops.cluster.broker import CHANNEL
from batchops.cluster.ticks import CLUSTERS, ClusterName
from batchops.errors import BatchOpsError


class UnknownBell(BatchOpsError):
    """Refuse a bell that no cluster could ever answer."""

    code = "unknown_bell"


@transaction.atomic
def ring(task: str, *, cluster: ClusterName, times: int = 1, at_most: int = 1) -> bool:
    """Queue `times` calls of the dotted function `task`, so that `at_most` bells for it wait.

    Part of the caller's transaction: nothing rings if it rolls back. A bell lost, doubled or
    late does no harm, because the function called looks up in the database what there is to do.
    Returns whether any bell was queued.

    :raises UnknownBell: when there is no such function or no such cluster.
    """
    _require_callable(task)
    if cluster not in CLUSTERS:
        raise UnknownBell(f"Cannot ring '{task}': no cluster '{cluster}', only {CLUSTERS}.")
    waiting = OrmQ.objects.filter(key=cluster, lock__lte=timezone.now())
    missing = at_most - sum(bell.func() == task for bell in waiting)
    if missing <= 0:
        return False
    for _ in range(min(times, missing)):
        async_task(task, cluster=cluster)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL + cluster])
    return True


def release_taken(cluster: ClusterName) -> int:
    """Give back the bells that are marked as taken, and return how many there were.

    A starting cluster calls it: a predecessor that was killed leaves what it had taken locked
    for the hours of `retry`. Another cluster's bells ring twice then, which does no harm.
    """
    now = timezone.now()
    released: int = OrmQ.objects.filter(key=cluster, lock__gt=now).update(lock=now)
    return released


def give_back(bell_id: int) -> None:
    """Let the bell that was taken but not answered ring again at once."""
    OrmQ.objects.filter(pk=bell_id).update(lock=timezone.now())


def forget_failures(*, before: datetime, limit: int = 1_000) -> int:
    """Remove what django-q2 keeps of calls that failed before a moment; return how many."""
    old = Task.objects.filter(stopped__lt=before).values("pk")[:limit]
    removed: int = Task.objects.filter(pk__in=old).delete()[0]
    return removed


@cache
def _require_callable(task: str) -> None:
    try:
        function = import_string(task)
    except ImportError as error:
        raise UnknownBell(f"Cannot ring '{task}': it cannot be imported ({error}).") from error
    if not callable(function):
        raise UnknownBell(f"Cannot ring '{task}': it is not a function.")
