"""Look at a running site: its processes' memory and files, connections, tables, bloat."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import psutil
from django.db import connection

from batchops.house.places import cluster_folder
from batchops.house.postgres import postmaster
from batchops.house.processes import marked

SERVICES = ("web", "jobs", "watch", "simulator")
DATABASE_SQL = """
    SELECT pg_database_size(current_database()) / 1e6,
           (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),
           (SELECT count(*) FROM pg_locks WHERE NOT granted),
           pg_notification_queue_usage() * 100,
           (SELECT count(*) FROM jobs_job), (SELECT count(*) FROM jobs_jobitem),
           (SELECT count(*) FROM django_q_ormq), (SELECT count(*) FROM monitoring_poll)
"""
DATABASE_NAMES = (
    "database_mb",
    "connections",
    "waiting_for_locks",
    "notify_queue_pct",
    "jobs",
    "items",
    "bells",
    "polls",
)
# What is rewritten all the time; others only grow, by what is kept.
BUSY_TABLES = ("jobs_claim", "django_q_ormq", "batchops_heartbeat", "batchops_webprocess")
TABLES_SQL = """
    SELECT relname, pg_total_relation_size(relid) / 1e6, n_dead_tup, n_live_tup
      FROM pg_stat_user_tables ORDER BY 2 DESC
"""


def sample(data_dir: Path) -> dict[str, float]:
    """Return every figure by its name, with its unit; memory is what a process has for itself."""
    found = {"at_s": time.time()}
    for service in SERVICES:
        family = marked(data_dir, service)
        found[f"{service}_mb"] = sum(map(_own_mb, family))
        found[f"{service}_files"] = sum(map(_files, family))
    if server := postmaster(cluster_folder(data_dir)):
        found["postgres_mb"] = sum(map(_own_mb, [server, *server.children()]))
    return found | _database() | _tables()


def _database() -> dict[str, float]:
    with connection.cursor() as cursor:
        cursor.execute(DATABASE_SQL)
        return dict(zip(DATABASE_NAMES, map(float, cursor.fetchone()), strict=True))


def _tables() -> dict[str, float]:
    with connection.cursor() as cursor:
        cursor.execute(TABLES_SQL)
        rows = cursor.fetchall()
    busy = {f"{name}_mb": float(size) for name, size, _, _ in rows if name in BUSY_TABLES}
    dead, live = (sum(row[column] for row in rows) for column in (2, 3))
    return busy | {"dead_rows_pct": 100 * dead / max(1, dead + live)}


def _own_mb(process: psutil.Process) -> float:
    with suppress(psutil.Error):
        return float(process.memory_full_info().uss) / 1e6
    return 0.0


def _files(process: psutil.Process) -> float:
    with suppress(psutil.Error):
        return float(process.num_fds())
    return 0.0
