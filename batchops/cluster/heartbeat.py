"""Keep one row per living cluster, by the database's clock."""

import os
import socket
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from batchops.cluster.ticks import ClusterName
from batchops.db import database_now
from batchops.live.publish import publish
from batchops.models import Heartbeat

# Rows of parts that never came back; health shows them as unknown until then.
FORGET_AFTER = timedelta(hours=1)
BEAT_SQL = """
    INSERT INTO batchops_heartbeat (part, host, pid, workers, started_at, beat_at)
    VALUES (%s, %s, %s, %s, clock_timestamp(), clock_timestamp())
    ON CONFLICT (part, host, pid)
    DO UPDATE SET beat_at = clock_timestamp(), workers = excluded.workers
"""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which cluster this process is the main process of."""

    cluster: ClusterName
    host: str
    pid: int
    workers: int

    @classmethod
    def of_this_process(cls, cluster: ClusterName, *, workers: int) -> "Identity":
        """Return the identity of the running process."""
        return cls(cluster, socket.gethostname(), os.getpid(), workers)


@transaction.atomic
def beat(me: Identity) -> None:
    """Renew this cluster's row, or make it, and say so: who watches sees each beat."""
    with connection.cursor() as cursor:
        cursor.execute(BEAT_SQL, [me.cluster, me.host, me.pid, me.workers])
    publish("health")


def forget_the_dead(me: Identity) -> None:
    """Remove rows nobody renews: of ended processes on this host at once, others after an hour."""
    Heartbeat.objects.filter(beat_at__lt=database_now() - FORGET_AFTER).delete()
    here = Heartbeat.objects.filter(part=me.cluster, host=me.host).exclude(pid=me.pid)
    ended = [row.pk for row in here if not _is_running(row.pid)]
    Heartbeat.objects.filter(pk__in=ended).delete()


@transaction.atomic
def remove(me: Identity) -> None:
    """Remove this cluster's row and say so: it ended, in order or not."""
    Heartbeat.objects.filter(part=me.cluster, host=me.host, pid=me.pid).delete()
    publish("health")


def leads(me: Identity) -> bool:
    """Return whether this cluster is the one of its kind that ticks: the oldest alive.

    A frozen leader is late after three beats, and the next oldest leads.
    """
    alive_since = Now() - 3 * settings.HEARTBEAT_INTERVAL
    oldest = Heartbeat.objects.filter(part=me.cluster, beat_at__gte=alive_since).order_by("pk")
    return oldest.values_list("host", "pid").first() == (me.host, me.pid)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
