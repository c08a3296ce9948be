"""Create, start, find and stop the embedded PostgreSQL 18.

It listens on a unix socket in a folder closed to others and on no port, and asks everybody for a
password (scram-sha-256). The superuser's random password lies in the cluster's own folder; those
of the roles follow from it (an HMAC of the role's name), so nothing else need be kept.
"""

import contextlib
import hashlib
import hmac
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from batchops.house.errors import CannotStart
from batchops.house.places import Account, Place, make_folder, make_parents

SUPERUSER = "postgres"
PASSWORD_FILE = "batchops.password"  # noqa: S105 (a file's name)
FREE_BYTES_TO_CREATE = 300 * 1024**2
FREE_BYTES_TO_START = 40 * 1024**2
STOP_PATIENCE_S = 30.0
# The same order and case rules on every machine, whatever locales it has.
BUILTIN_LOCALE = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "150",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    # Queue tables change all the time; the default minute lets dead rows slow every claim.
    "autovacuum_naptime": "15s",
    # No role may sit in a transaction for ever, whatever client it uses.
    "idle_in_transaction_session_timeout": "5min",
    # Compiling costs more than it saves on queries of milliseconds.
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_checkpoints": "off",
}
TEST_SETTINGS: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
}


def create_cluster(
    place: Place,
    *,
    locale: Sequence[str] = BUILTIN_LOCALE,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Create the cluster if there is none.

    It is built beside its final folder and renamed at the end, so that a start killed half way
    leaves nothing that looks whole.

    :raises CannotStart: when the disk has too little room or initdb fails.
    """
    if (place.cluster / "PG_VERSION").exists():
        return
    part = place.cluster.with_name("postgres.new")
    password_file = place.cluster.with_name("postgres.new.password")
    shutil.rmtree(part, ignore_errors=True)
    make_parents(place.cluster)
    require_room(place.cluster.parent, FREE_BYTES_TO_CREATE)
    make_folder(part, mode=0o700, account=place.account)
    _write_private(password_file, secrets.token_urlsafe(32), place.account)
    command = [
        str(place.programs / "initdb"),
        f"--pgdata={part}",
        f"--username={SUPERUSER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        *locale,
    ]
    _initdb(command, place.account, environment or {})
    password_file.rename(part / PASSWORD_FILE)
    part.rename(place.cluster)


def require_room(folder: Path, needed_bytes: int) -> None:
    """Check the free space of the disk that holds `folder`.

    :raises CannotStart: when it is less than `needed_bytes`.
    """
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes:
        raise CannotStart(
            f"The disk that holds {folder} has {free_bytes // 1024**2} MB left; PostgreSQL needs "
            f"{needed_bytes // 1024**2} MB to start. Free some space, or name another folder in "
            "BATCHOPS_DATA_DIR. Nothing was changed."
        )


def start_server(
    place: Place, *, log: Path, extra_settings: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start the server in a session of its own, its messages appended to `log`.

    Clears a lock file left by a killed server first. Does not wait; see `is_ready`.
    """
    clear_stale_lock(place.cluster)
    if place.sockets != place.cluster:
        _make_socket_folder(place)
    settings = {**SETTINGS, **(extra_settings or {})}
    settings["unix_socket_directories"] = '"{}"'.format(str(place.sockets).replace('"', '""'))
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 (our own program, no shell)
            [place.programs / "postgres", "-D", place.cluster, *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd="/",
            env=_plain_environment(),
            user=place.account.uid if place.account else None,
            group=place.account.gid if place.account else None,
            extra_groups=[] if place.account else None,
        )


def is_ready(place: Place) -> bool:
    """Tell whether the server accepts connections; in recovery after a crash it does not yet."""
    try:
        psycopg.connect(url(place, SUPERUSER, "postgres"), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def explain_failure(log: Path) -> str:
    """Return one sentence on why the server did not start, from the end of its log."""
    lines = log.read_text(errors="replace").splitlines()[-40:] if log.exists() else []
    if any("No space left on device" in line for line in lines):
        return (
            f"PostgreSQL cannot start: the disk that holds {log.parent.parent} is full. "
            "Free some space and start again; no data is lost."
        )
    fatal = [line for line in lines if "FATAL" in line or "PANIC" in line or "error" in line]
    reason = fatal[-1].split(": ", 1)[-1].strip() if fatal else "it gave no reason"
    return f"PostgreSQL cannot start: {reason} (the whole story is in {log})."


def password(cluster: Path, role: str) -> str:
    """Return the password of `role`: the superuser's own, or one derived from it."""
    secret = (cluster / PASSWORD_FILE).read_text().strip()
    if role == SUPERUSER:
        return secret
    return hmac.new(secret.encode(), role.encode(), hashlib.sha256).hexdigest()[:40]


def url(place: Place, role: str, database: str) -> str:
    """Return the address by which `role` reaches `database` over the socket."""
    host = quote(str(place.sockets), safe="/")
    return f"postgresql://{role}:{password(place.cluster, role)}@/{database}?host={host}"


def postmaster(cluster: Path) -> psutil.Process | None:
    """Return the living server of `cluster`, if its lock file names one that works there.

    A process of the same number that works elsewhere is somebody else: numbers are used again.
    """
    try:
        pid = int((cluster / "postmaster.pid").read_text().split()[0])
        process = psutil.Process(pid)
        if Path(process.cwd()) == cluster and process.status() != psutil.STATUS_ZOMBIE:
            return process
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return None


def clear_stale_lock(cluster: Path) -> None:
    """Remove `postmaster.pid` if the server it names is gone; the caller holds the data folder."""
    if postmaster(cluster) is None:
        (cluster / "postmaster.pid").unlink(missing_ok=True)


def stop_server(cluster: Path, *, hurry: Callable[[], bool] = lambda: False) -> None:
    """Stop the server of `cluster`, if one runs: fast, or at once when `hurry` turns true.

    Fast rolls back what is open and writes a checkpoint; at once leaves recovery to the next
    start. Neither loses what was committed.
    """
    server = postmaster(cluster)
    if server is None:
        return
    deadline = time.monotonic() + STOP_PATIENCE_S
    for request in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        with contextlib.suppress(psutil.Error):
            server.send_signal(request)
        while postmaster(cluster) and time.monotonic() < deadline and not hurry():
            time.sleep(0.05)
        deadline = time.monotonic() + 5


def _initdb(
    command: Sequence[str], account: Account | None, environment: Mapping[str, str]
) -> None:
    done = subprocess.run(  # noqa: S603 (our own program, no shell)
        command,
        capture_output=True,
        text=True,
        errors="replace",
        cwd="/",
        env=_plain_environment() | dict(environment),
        start_new_session=True,
        check=False,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if "error" in line]
        reason = lines[-1] if lines else done.stderr.strip()
        raise CannotStart(f"The database cluster could not be created: {reason}")


def _plain_environment() -> dict[str, str]:
    # PGDATA, PGPORT and their like would redirect the server; a missing locale would stop it.
    return {"PATH": os.defpath, "LC_ALL": "C"}


def _write_private(path: Path, text: str, account: Account | None) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)
    if account is not None:
        os.chown(path, account.uid, account.gid)


def _make_socket_folder(place: Place) -> None:
    with contextlib.suppress(FileExistsError):
        make_parents(place.sockets)
        place.sockets.mkdir(mode=0o700)
        if place.account is not None:
            os.chown(place.sockets, place.account.uid, place.account.gid)
    status = place.sockets.lstat()
    owner = place.account.uid if place.account else os.geteuid()
    if status.st_uid != owner or status.st_mode & 0o170777 != 0o040700:
        raise CannotStart(
            f"{place.sockets} should be a private folder for PostgreSQL's socket but belongs to "
            "somebody else. Remove it, or name a shorter BATCHOPS_DATA_DIR."
        )
