"""A whole site under `manage.py up` in a folder of its own, with more web servers beside it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from batchops.house import postgres
from batchops.house.places import choose_place, remove
from batchops.house.processes import marks
from batchops.house.provision import DATABASE, OWNER
from tests.embedded import ROOT, free_port, temporary_folder
from tests.house.running import clean_environment
from tests.waiting import wait_for

STARTS_WITHIN_S = 180
STOPS_WITHIN_S = 60


@contextmanager
def site(*options: str, **settings: str) -> Iterator[Path]:
    """Run a site, point this process's Django at it, and remove it; yield its data folder.

    It ends with this process, however that ends; its folder then stays, in the system's for
    temporary files.
    """
    folder = temporary_folder()
    data_dir, log = folder / "site", folder / "up.log"
    command = [sys.executable, "manage.py", "up", "--stop-with-parent", *options]
    with log.open("wb") as output:
        up = subprocess.Popen(
            [*command, "--port", str(free_port())],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env=clean_environment(data_dir) | settings,
        )
    try:
        wait_for(lambda: _is_ready(up, log), STARTS_WITHIN_S, "the site")
        _use(data_dir)
        yield data_dir
    finally:
        up.terminate()
        up.wait(STOPS_WITHIN_S)
        remove(data_dir)
        remove(folder)


@contextmanager
def web_servers(data_dir: Path, count: int, **settings: str) -> Iterator[dict[int, psutil.Process]]:
    """Run `count` web servers on the site's database; yield their processes by port."""
    environment = clean_environment(data_dir) | marks(data_dir, "web") | settings
    ports = [free_port() for _ in range(count)]
    started = [_start_web(port, environment, data_dir) for port in ports]
    try:
        for port in ports:
            wait_for(lambda: _listens(port), STARTS_WITHIN_S, f"the web server at {port}")  # noqa: B023
        yield {port: psutil.Process(each.pid) for port, each in zip(ports, started, strict=True)}
    finally:
        for each in started:
            each.terminate()
        for each in started:
            _wait_or_kill(each)


def _start_web(port: int, environment: dict[str, str], data_dir: Path) -> subprocess.Popen[bytes]:
    with (data_dir / "log" / f"web-{port}.log").open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "manage.py", "web", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        )


def _wait_or_kill(server: subprocess.Popen[bytes]) -> None:
    try:
        server.wait(STOPS_WITHIN_S)
    except subprocess.TimeoutExpired:  # the figures tell how long it took
        server.kill()
        server.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _is_ready(up: subprocess.Popen[bytes], log: Path) -> bool:
    assert up.poll() is None, log.read_text()
    return "Stop    with" in log.read_text()


def _use(data_dir: Path) -> None:
    import django

    os.environ |= {
        "BATCHOPS_DATA_DIR": str(data_dir),
        "DATABASE_URL": postgres.url(choose_place(data_dir), OWNER, DATABASE),
        "DJANGO_SETTINGS_MODULE": "batchops.settings",
        "LOG_LEVEL": "WARNING",
    }
    django.setup()
