"""Tell a cluster that there is work; which work, the database knows."""

from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from batchops.cluster.ticks import ClusterName


def ring(task: str, *, cluster: ClusterName, at_most: int = 1) -> bool:
    """Queue one call of the dotted function `task`, unless `at_most` bells already wait there.

    Part of the caller's transaction: nothing rings if it rolls back. A bell lost, doubled or
    late does no harm, because the function called looks up in the database what there is to do.
    Returns whether a bell was queued.
    """
    waiting = OrmQ.objects.filter(key=cluster, lock__lte=timezone.now()).count()
    if waiting >= at_most:
        return False
    async_task(task, cluster=cluster)
    return True
