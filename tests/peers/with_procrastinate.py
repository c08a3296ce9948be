"""A batch on procrastinate: one job an item, each with its row, all deferred at once."""

from __future__ import annotations

import os

import psycopg
from procrastinate import App, PsycopgConnector

from tests.peers.reporting import ENDS_WITHIN_S, WORKERS, measure, run, until, workers

ITEMS = 2_000
AT_ONCE = 10
DONE_SQL = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'succeeded'"

app = App(connector=PsycopgConnector(conninfo=os.environ["PEER_DATABASE_URL"]))


@app.task(name="item")
async def item(number: int) -> None:
    """Do nothing, as the others' items."""


def done() -> int:
    with psycopg.connect(os.environ["PEER_DATABASE_URL"]) as session:
        row = session.execute(DONE_SQL).fetchone()
    return int(row[0]) if row else 0


def as_jobs(items: int) -> int:
    before = done()
    with app.open():
        item.batch_defer(*({"number": number} for number in range(items)))
        until(lambda: done() - before == items, ENDS_WITHIN_S)
    return done() - before


def main() -> None:
    with app.open():
        app.schema_manager.apply_schema()
    command = ("-m", "procrastinate", "--app", "tests.peers.with_procrastinate.app")
    with workers(
        *command, "--log-level", "error", "worker", "--concurrency", str(AT_ONCE), count=WORKERS
    ):
        as_jobs(50)
        measure("procrastinate, a job an item", ITEMS, lambda: as_jobs(ITEMS))


if __name__ == "__main__":
    run(main)
