"""Small disks, and how they get full."""

import contextlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from batchops.house import postgres
from batchops.house.places import choose_place
from batchops.house.provision import DATABASE


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, check=False)
    try:
        yield folder
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def require_mounted(disk: Path) -> None:
    if not disk.is_mount():
        pytest.skip("this machine does not let us mount a small disk")


def fill(disk: Path) -> Path:
    """Write a file until the disk has no room left, and return it."""
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(65536))
    return ballast


def need_room(data_dir: Path) -> None:
    """Have PostgreSQL refused the room that a statement needs."""
    address = postgres.url(choose_place(data_dir), postgres.SUPERUSER, DATABASE)
    with psycopg.connect(address) as session, pytest.raises(psycopg.errors.DiskFull):
        session.execute("CREATE TEMPORARY TABLE wide AS SELECT generate_series(1, 1000000)")
