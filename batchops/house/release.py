"""Bring an installation's database, static files and first user to what the code expects."""

import fcntl
import hashlib
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import environ
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import OperationalError, connection

from batchops.db import session_lock
from batchops.errors import Unavailable
from batchops.house.rights import grant_application, grant_reports
from batchops.models import User

logger = logging.getLogger(__name__)

DATABASE_PATIENCE_S = 120.0
FINGERPRINT = "sources.sha256"
COLLECTING = "collecting.lock"
ADMIN = "admin"
# Long migrations are right to take long; waiting for a lock is not, nor keeping those of a release
# whose machine is gone.
OWNER_OPTIONS = (
    "-c lock_timeout=10000 -c tcp_user_timeout=10000 "
    "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
)


@contextmanager
def as_owner() -> Iterator[None]:
    """Connect as the role that owns the tables, if DATABASE_OWNER_URL names one.

    At the end the roles of the application and of reports get the rights they need on
    everything that was made.
    """
    kept = dict(connection.settings_dict)
    if settings.DATABASE_OWNER_URL:
        connection.close()
        owner = environ.Env.db_url_config(settings.DATABASE_OWNER_URL)
        options = kept["OPTIONS"] | owner.pop("OPTIONS", {}) | {"options": OWNER_OPTIONS}
        connection.settings_dict.update(owner | {"OPTIONS": options})
    try:
        yield
        if connection.settings_dict["USER"] != kept["USER"]:
            grant_application(str(kept["USER"]))
        if settings.DATABASE_REPORTS_ROLE:
            grant_reports(settings.DATABASE_REPORTS_ROLE)
    finally:
        connection.close()
        connection.settings_dict.update(kept)


def wait_for_database() -> None:
    """Wait until the database accepts a connection, asking less and less often.

    :raises Unavailable: when it does not within two minutes.
    """
    delay_s, deadline = 0.1, time.monotonic() + DATABASE_PATIENCE_S
    while True:
        try:
            connection.ensure_connection()
        except OperationalError as error:
            if time.monotonic() + delay_s > deadline:
                raise Unavailable(
                    f"The database that DATABASE_URL names does not answer: {error}"
                ) from error
            logger.warning("The database does not answer yet; trying again: %s", error)
            time.sleep(delay_s)
            delay_s = min(5, delay_s * 2)
        else:
            return


@contextmanager
def alone() -> Iterator[None]:
    """Wait until no other release works on this database, and keep others out meanwhile."""
    while True:
        with session_lock("batchops.release") as held:
            if held:
                yield
                return
        time.sleep(0.2)


def collect_static_files() -> bool:
    """Collect the static files if any source changed; return whether that was needed.

    Cheap when it was not (a look at each source). Of several processes that share the folder
    one collects, and the others wait.

    :raises Unavailable: when the folder cannot be written.
    """
    root = Path(settings.STATIC_ROOT)
    wanted, mark = _fingerprint(), root / FINGERPRINT
    if _stands(mark, wanted):
        return False
    try:
        with _alone_in(root):
            if _stands(mark, wanted):
                return False
            mark.unlink(missing_ok=True)
            call_command("collectstatic", interactive=False, verbosity=0)
            mark.write_text(wanted)
    except OSError as error:
        raise Unavailable(
            f"The static files cannot be collected in {root}: {error.strerror}. Let this process "
            "write there, or name another folder in BATCHOPS_DATA_DIR."
        ) from error
    return True


def _stands(mark: Path, wanted: str) -> bool:
    return mark.exists() and mark.read_text() == wanted


@contextmanager
def _alone_in(root: Path) -> Iterator[None]:
    root.mkdir(parents=True, exist_ok=True)
    with (root / COLLECTING).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make_first_user(password: str) -> bool:
    """Make the superuser `admin` if nobody exists yet; return whether one was made."""
    if not password or User.objects.exists():
        return False
    User.objects.create_superuser(ADMIN, password=password)
    return True


def _fingerprint() -> str:
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
