"""Announce, inside the transaction that changes something, which topics it changes."""

from django.db import connection

CHANNEL = "batchops_live"


def publish(*addresses: str) -> None:
    """Notify every web process that these topics changed, when the transaction commits.

    Only names travel, never data. Call it once per move or settle: a NOTIFY takes a global lock
    at commit, and one per item would divide the throughput by four (docs/reliability.md).
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_notify(%s, address) FROM unnest(%s::text[]) AS address",
            [CHANNEL, list(addresses)],
        )
