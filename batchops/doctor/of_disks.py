"""Look at disks: the data folder's, and the database's where it is on this machine."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.db import connection

from batchops.doctor.findings import Found, fail, ok, size, warn
from batchops.environment import DATA_DIR
from batchops.house.disk import LOW_BYTES
from batchops.house.places import cluster_folder

# Readable only by those who may read all settings; to others there is no such row.
FOLDER_SQL = "SELECT setting FROM pg_settings WHERE name = 'data_directory'"


def look() -> Sequence[Found]:
    """Say how much room each disk has."""
    return [_data_folder(), _database()]


def _data_folder() -> Found:
    folder = next(each for each in (DATA_DIR, *DATA_DIR.parents) if each.exists())
    if not os.access(folder, os.W_OK):
        seen = f"{folder} cannot be written by this process."
        return fail("data folder", seen, "Run as its owner, or set BATCHOPS_DATA_DIR.")
    return _room("data folder", folder)


def _database() -> Found:
    with connection.cursor() as cursor:
        cursor.execute(FOLDER_SQL)
        row = cursor.fetchone()
    folder = Path(row[0]) if row else cluster_folder(DATA_DIR)
    if not _is_here() or not folder.exists():
        seen = "It is not on this machine, or not to be seen from here."
        return ok("disk of the database", f"{seen} Watch it on its host.")
    return _room("disk of the database", folder)


def _is_here() -> bool:
    host = settings.DATABASES["default"]["HOST"]
    return not host or host.startswith("/") or host in ("localhost", "127.0.0.1", "::1")


def _room(subject: str, folder: Path) -> Found:
    usage = shutil.disk_usage(folder)
    seen = f"{folder} has {size(usage.free)} left of {size(usage.total)}."
    remedy = "Free some space or enlarge the disk; retention removes more if it may keep less."
    if usage.free < LOW_BYTES:
        return fail(subject, seen, remedy)
    low = usage.free < settings.UPLOAD_DISK_RESERVE_BYTES
    return warn(subject, seen, remedy) if low else ok(subject, seen)
