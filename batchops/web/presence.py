"""Let this web process be seen by the others: its row, and what it counted."""

import logging
import os
import socket
import threading
from collections.abc import Callable

import psutil
from django.conf import settings
from django.db import Error, close_old_connections, connection

from batchops import tallies
from batchops.cluster.heartbeat import FORGET_AFTER
from batchops.db import database_now
from batchops.live.hub import HUB
from batchops.models import WebProcess

logger = logging.getLogger(__name__)

LEAVE_WITHIN_S = 2.0
SHOW_SQL = """
    INSERT INTO batchops_webprocess (host, pid, sockets, resident_bytes, started_at, beat_at)
    VALUES (%s, %s, %s, %s, clock_timestamp(), clock_timestamp())
    ON CONFLICT (host, pid) DO UPDATE
       SET sockets = excluded.sockets, resident_bytes = excluded.resident_bytes,
           beat_at = clock_timestamp()
"""


class Presence(threading.Thread):
    """The thread that renews the row of this process for as long as it serves."""

    def __init__(self) -> None:
        super().__init__(name="presence", daemon=True)
        self._ended = threading.Event()

    def run(self) -> None:
        interval_s = settings.HEARTBEAT_INTERVAL.total_seconds()
        failing = False
        while True:
            try:
                _with_database(show)
                failing = False
            except Error as error:
                if not failing:
                    logger.warning("No sign of this web process: %s", str(error).strip())
                failing = True
            if self._ended.wait(interval_s):
                break
        try:
            _with_database(leave)
        except Error as error:
            logger.warning("The row of this web process stays: %s", str(error).strip())

    def end(self) -> None:
        """Take the row away; without a database that is left to the others."""
        self._ended.set()
        self.join(LEAVE_WITHIN_S)


def show() -> None:
    """Renew this process's row, add what it counted, and forget who is long gone."""
    tallies.keep()
    resident_bytes = psutil.Process().memory_info().rss
    with connection.cursor() as cursor:
        cursor.execute(SHOW_SQL, [*_me(), HUB.count_sockets(), resident_bytes])
    WebProcess.objects.filter(beat_at__lt=database_now() - FORGET_AFTER).delete()


def leave() -> None:
    """Remove this process's row and add what it counted last."""
    tallies.keep()
    host, pid = _me()
    WebProcess.objects.filter(host=host, pid=pid).delete()


def _me() -> tuple[str, int]:
    return socket.gethostname(), os.getpid()


def _with_database(work: Callable[[], None]) -> None:
    close_old_connections()
    try:
        work()
    finally:
        close_old_connections()
