"""Let one `up` at a time use a data folder."""

import fcntl
import os
import time
from pathlib import Path

import psutil

from batchops.house.errors import AlreadyRunning, CannotStart
from batchops.house.terminal import say

PATIENCE_S = 90.0


def take_lock(data_dir: Path) -> int:
    """Lock the folder for this process and return the lock's file descriptor.

    The lock belongs to the open file, so a watchdog that inherits it holds it too. Waits for the
    watchdog of a killed `up`.

    :raises AlreadyRunning: when another `up` runs on the folder.
    :raises CannotStart: when what an earlier run left does not end.
    """
    path = data_dir / "up.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if not _try(descriptor):
        holder = _living_holder(path)
        if holder is not None:
            raise AlreadyRunning(
                f"BatchOps already runs on {data_dir} (process {holder}). Stop that one, or give "
                "this one a folder of its own: BATCHOPS_DATA_DIR=/another/folder make run"
            )
        say("Waiting for what an earlier run left to stop ...")
        _wait(descriptor, data_dir)
    me = psutil.Process()
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{me.pid} {me.create_time()}\n".encode(), 0)
    return descriptor


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _living_holder(path: Path) -> int | None:
    try:
        pid, created_at = path.read_text().split()
        process = psutil.Process(int(pid))
        alive = process.status() != psutil.STATUS_ZOMBIE
        return process.pid if alive and process.create_time() == float(created_at) else None
    except (ValueError, psutil.Error):
        return None


def _wait(descriptor: int, data_dir: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not _try(descriptor):
        if time.monotonic() > deadline:
            raise CannotStart(
                f"Processes of an earlier run still hold {data_dir} after {PATIENCE_S:.0f} s. "
                f"`fuser -v '{data_dir}/up.lock'` names them; end them and start again."
            )
        time.sleep(0.1)
