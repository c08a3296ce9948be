"""Do the same batch of items here and with others, and print who did how many a second.

python -m tests.peers [--python .venv-peers/bin/python]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from batchops.house import postgres
from batchops.house.places import choose_place
from tests.embedded import ROOT, free_port, temporary_folder
from tests.load.site import site
from tests.load.surroundings import here
from tests.peers.reporting import WORKERS

ITEMS = 20_000
ROUNDS = 3
PEER_WITHIN_S = 400
PYTHON = Path(".venv-peers/bin/python")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=Path, default=PYTHON, help="that has the peers")
    python = parser.parse_args().python
    with site("--no-demo", JOBS_WORKERS=str(WORKERS)) as data_dir:
        ours = batchops()
        found = [
            *with_redis(python),
            *peer(python, "with_django_q", PEER_DATABASE_URL=database(data_dir, "peer_q")),
            *peer(python, "with_procrastinate", PEER_DATABASE_URL=database(data_dir, "peer_p")),
        ]
    for one in found:
        if "items_per_s" in one:
            one["batchops_is_times_as_fast"] = round(ours["items_per_s"] / one["items_per_s"], 1)
    print(json.dumps({"peers": [ours, *found], "workers": WORKERS, **here()}, indent=2))  # noqa: T201


def batchops() -> dict[str, Any]:
    """Do a drill of items that take no time: each with its row, its attempts and its end."""
    from batchops.management import drills

    drills.drill(ITEMS, ms=0, within_s=PEER_WITHIN_S)
    best = 0.0
    for _ in range(ROUNDS):
        job = drills.drill(ITEMS, ms=0, within_s=PEER_WITHIN_S)
        assert job.finished_at is not None
        best = max(best, ITEMS / (job.finished_at - job.created_at).total_seconds())
    return {"way": "batchops", "items": ITEMS, "items_per_s": round(best)}


def with_redis(python: Path) -> list[dict[str, Any]]:
    program = shutil.which("redis-server")
    if program is None:
        return [skipped("with_celery", "redis-server is missing: apt-get install redis-server")]
    with redis(program) as address:
        return peer(python, "with_celery", REDIS_URL=address)


@contextmanager
def redis(program: str) -> Iterator[str]:
    """Run a Redis of our own, which keeps nothing on the disk."""
    folder, port = temporary_folder(), free_port()
    server = subprocess.Popen(
        [program, "--port", str(port), "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def peer(python: Path, module: str, **environment: str) -> list[dict[str, Any]]:
    """Return what one peer says of itself, or why it was left out."""
    if not python.exists():
        return [skipped(module, f"{python} is missing: make bench-peers makes it")]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    done = subprocess.run(
        [python, "-m", f"tests.peers.{module}"],
        cwd=ROOT,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=PEER_WITHIN_S,
        check=False,
    )
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return found or [skipped(module, (done.stderr.strip().splitlines() or ["it said nothing"])[-1])]


def skipped(module: str, reason: str) -> dict[str, Any]:
    sys.stderr.write(f"Left out {module}: {reason}\n")
    return {"way": module, "left_out": reason}


def database(data_dir: Path, name: str) -> str:
    """Make a database on the site's server, and return its address."""
    place = choose_place(data_dir)
    address = postgres.url(place, postgres.SUPERUSER, "postgres")
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
    return postgres.url(place, postgres.SUPERUSER, name)


if __name__ == "__main__":
    main()
