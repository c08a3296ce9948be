"""Give a run of the tests a database of its own and an empty data folder."""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from batchops.house import postgres
from batchops.house.places import choose_place
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parent.parent


def prepare_environment() -> None:
    """Set what the settings are read from; workers of pytest-xdist inherit it.

    Without DATABASE_URL a PostgreSQL is started in a temporary folder: the embedded one, or the
    programs in the folder BATCHOPS_TEST_PG. A watchdog stops it and removes the folder when this
    process ends, however it ends.
    """
    if "BATCHOPS_TESTS" in os.environ:
        return
    # Hundreds of processes start, and each would compile the whole product again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    data_dir = temporary_folder()
    guard(data_dir)
    # Where static files would be; without the folder the middleware warns in every test.
    (data_dir / "no-static").mkdir()
    os.environ |= {
        "BATCHOPS_TESTS": "1",
        "BATCHOPS_DATA_DIR": str(data_dir),
        "DJANGO_SETTINGS_MODULE": "batchops.settings",
        "SECRET_KEY": "only-for-tests-and-long-enough-to-pass-every-check-of-it",
    }
    if not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = start_postgres(data_dir)


def temporary_folder() -> Path:
    """Make a data folder that root's PostgreSQL, which runs as another user, may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="batchops-tests-")).resolve()
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return folder


def guard(data_dir: Path) -> None:
    """Have everything in `data_dir` stopped and removed when this process ends."""
    watchdog = subprocess.Popen(
        [sys.executable, "-m", "batchops.house.watchdog", str(data_dir), "--temporary"],
        stdin=subprocess.PIPE,
        cwd=ROOT,
        start_new_session=True,
    )
    atexit.register(watchdog.communicate)


def start_postgres(data_dir: Path) -> str:
    """Start a PostgreSQL that trades durability for speed; return its superuser's address."""
    place = choose_place(data_dir)
    locale: Sequence[str] = postgres.BUILTIN_LOCALE
    if other_programs := os.environ.get("BATCHOPS_TEST_PG"):
        # A server before 17 has no locales of its own.
        place = replace(place, programs=Path(other_programs))
        locale = ["--locale=C.UTF-8"]
    postgres.create_cluster(place, locale=locale)
    log = data_dir / "postgres.log"
    server = postgres.start_server(place, log=log, extra_settings=postgres.TEST_SETTINGS)
    wait_for(lambda: server.poll() is not None or postgres.is_ready(place), 60, "PostgreSQL")
    assert server.poll() is None, log.read_text()
    return postgres.url(place, postgres.SUPERUSER, "postgres")


def is_own_server() -> bool:
    """Tell whether this run started the server, so that nobody else uses it."""
    return str(os.environ["BATCHOPS_DATA_DIR"]) in os.environ["DATABASE_URL"]


def address_of(database: str) -> str:
    """Return the address of `database` on the tests' server."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
