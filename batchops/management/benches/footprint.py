"""Measure what an item costs the database, to reckon how many a day one server can bear."""

from typing import Any

from django.db import connection

from batchops.management import drills
from batchops.management.benches import Bench

ITEMS = 20_000
ROUNDS = 5
ROUND_S = 120
COUNTED_SQL = """
    SELECT pg_current_wal_insert_lsn() - '0/0',
           (SELECT sum(pg_total_relation_size(relid)) FROM pg_stat_user_tables
             WHERE relname LIKE 'jobs_%'),
           (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database())
"""


def run() -> dict[str, Any]:
    """Do ROUNDS drills of ITEMS items without parameters or results, after one to warm up.

    WAL is what the whole server wrote meanwhile, so nothing else should write; `disk` is what the
    tables of jobs grew by, dead rows included; CPU is of workers and sessions on this host.

    :raises Unavailable: when no cluster comes to life, or a round does not end.
    """
    with drills.cluster():
        drills.drill(ITEMS, ms=0, within_s=ROUND_S)
        cpu, before = drills.cpu(), _counted()
        for _ in range(ROUNDS):
            drills.drill(ITEMS, ms=0, within_s=ROUND_S)
        worker_s, server_s = drills.cpu().since(cpu)
        wal, disk, commits = (
            after - count for after, count in zip(_counted(), before, strict=True)
        )
    items = ITEMS * ROUNDS
    return {
        "items": items,
        "server_cpu_ms_per_item": round(1000 * server_s / items, 4),
        "worker_cpu_ms_per_item": round(1000 * worker_s / items, 4),
        "wal_bytes_per_item": round(wal / items),
        "disk_bytes_per_item": round(disk / items),
        "commits_per_1000_items": round(1000 * commits / items, 1),
    }


def _counted() -> list[float]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(COUNTED_SQL)
        return [float(value) for value in cursor.fetchone()]


BENCH = Bench("footprint", "what an item costs the database: CPU, WAL, disk, transactions", run)
