"""Find and stop the processes of one house, whoever their parent is by now.

Every service carries a mark in its environment, which its children inherit and which no change
of parent, process group or session takes away. PostgreSQL overwrites its environment and is
found through its own lock file instead.
"""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from batchops.house.places import cluster_folder
from batchops.house.postgres import stop_server

HOUSE_MARK = "BATCHOPS_HOUSE"
SERVICE_MARK = "BATCHOPS_SERVICE"
STOP_ORDER = ("initdb", "release", "web", "jobs", "watch", "simulator")
# The clusters give a running slice 20 s; a process that takes longer is killed.
STOP_GRACE_S = 25.0


def marks(data_dir: Path, service: str) -> dict[str, str]:
    """Return the environment variables that mark a process as `service` of this house."""
    return {HOUSE_MARK: str(data_dir), SERVICE_MARK: service}


def marked(data_dir: Path, service: str | None = None) -> list[psutil.Process]:
    """Return the living processes of this house, or of one of its services."""
    return [
        process
        for process in psutil.process_iter()
        if _mark(process, HOUSE_MARK) == str(data_dir)
        and service in (None, _mark(process, SERVICE_MARK))
    ]


def stop_house(data_dir: Path, *, hurry: Callable[[], bool] = lambda: False) -> None:
    """Stop the services in order, then PostgreSQL; `hurry` turning true ends all waiting."""
    stop_services(data_dir, hurry=hurry)
    stop_server(cluster_folder(data_dir), hurry=hurry)


def stop_services(data_dir: Path, *, hurry: Callable[[], bool] = lambda: False) -> None:
    """Ask each service's first process to end, and kill whatever is left after the grace.

    Only the first process is asked: a signal to the whole group of a django-q2 cluster kills
    what its workers are doing and can hang its main process (docs/reliability.md).
    """
    for process in _first_processes(marked(data_dir)):
        with contextlib.suppress(psutil.Error):
            process.terminate()
    deadline = time.monotonic() + STOP_GRACE_S
    while marked(data_dir) and time.monotonic() < deadline and not hurry():
        time.sleep(0.05)
    kill_all(data_dir)


def kill_all(data_dir: Path, service: str | None = None) -> None:
    """Kill every process of this house or of one service, also those forked meanwhile."""
    while left := marked(data_dir, service):
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=0.2)


def _first_processes(processes: list[psutil.Process]) -> list[psutil.Process]:
    pids = {process.pid for process in processes}
    first = [process for process in processes if _parent_pid(process) not in pids]
    return sorted(first, key=_stop_position)


def _stop_position(process: psutil.Process) -> int:
    service = _mark(process, SERVICE_MARK)
    return STOP_ORDER.index(service) if service in STOP_ORDER else 0


def _parent_pid(process: psutil.Process) -> int | None:
    try:
        return int(process.ppid())
    except psutil.Error:
        return None


def _mark(process: psutil.Process, name: str) -> str | None:
    try:
        return process.environ().get(name)
    except (psutil.Error, OSError):
        return None
