"""Write the simulated CC&B: its tables, labels and rows, in as few statements as can be."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg import sql

from batchops.ccb.simulator.planned import EPOCH, INSTANCES_A_DAY
from batchops.ccb.simulator.profiles import PROFILES
from batchops.ccb.simulator.tables import MESSAGE_CATEGORY, MESSAGE_TEXTS, TABLES, Rows, Table

Session = psycopg.Connection[Any]

SCHEMA_FILE = Path(__file__).parent / "schema.sql"
BUSINESS_OBJECTS = ("D1-IMDScalar", "D1-IMDInterval", "CM-IMDEventAMI")
THREADS_OF_DAYS = """
    CI_BATCH_THD t USING CI_BATCH_RUN r
     WHERE t.BATCH_CD = r.BATCH_CD AND t.BATCH_NBR = r.BATCH_NBR
       AND t.BATCH_RERUN_NBR = r.BATCH_RERUN_NBR AND r.BATCH_BUS_DT"""
PARAMETERS_OF_DAYS = """
    CI_BATCH_JOB_PRM p USING CI_BATCH_JOB j
     WHERE p.BATCH_JOB_ID = j.BATCH_JOB_ID AND j.PROCESS_DT"""
LINES_OF_RUN = """
    DELETE FROM {} WHERE SCHEDULER_ID IN
      (SELECT SCHEDULER_ID FROM CI_BATCH_INST WHERE BATCH_CD = %s AND BATCH_NBR = %s)"""
LABELS = {
    "RUN_STATUS": {"10": "Pending", "20": "In Progress", "30": "Error", "40": "Complete"},
    "THREAD_STATUS": {"10": "Pending", "20": "In Progress", "30": "Error", "40": "Complete"},
    "BATCH_JOB_STAT_FLG": {
        "PD": "Pending",
        "ST": "Started",
        "ED": "Ended",
        "PC": "Pending Cancel",
        "CA": "Canceled",
    },
    "MSG_SEVERITY_FLG": {"10": "Informational", "40": "Error"},
}


def create_tables(session: Session) -> None:
    """Create the tables and what stands in them before any run: controls, labels, messages."""
    session.execute(SCHEMA_FILE.read_text(encoding="utf-8"))
    with session.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO CI_BATCH_CTRL VALUES"
            " (%s, 1, 0, NULL, 'Y', 1, %s, 'CM', %s, %s, %s, 'SYSUSER')",
            [
                (p.code, f"com.splwg.batch.{p.code}", 7200 * p.timed, p.threads, p.commit)
                for p in PROFILES
            ],
        )
        cursor.executemany(
            "INSERT INTO CI_BATCH_CTRL_L VALUES (%s, 'ENG', %s, 1, 'CM')",
            [(p.code, p.description) for p in PROFILES],
        )
        cursor.executemany(
            "INSERT INTO CI_LOOKUP_VAL_L VALUES (%s, %s, 'ENG', %s)",
            [
                (field, code, text)
                for field, codes in LABELS.items()
                for code, text in codes.items()
            ],
        )
        cursor.executemany(
            "INSERT INTO CI_MSG_L VALUES (%s, %s, 'ENG', %s)",
            [(MESSAGE_CATEGORY, number, text) for number, text in MESSAGE_TEXTS.items()],
        )


def grant_reading(session: Session, reader: str) -> None:
    """Let the reader's role read every table and nothing else."""
    role = sql.Identifier(reader)
    session.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role))
    session.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(role))


def mend(session: Session, *, known: list[str]) -> None:
    """Bring the simulator's own tables of an earlier release up to this one."""
    session.execute(
        "ALTER TABLE SIM_CLOCK"
        " ADD COLUMN IF NOT EXISTS PATTERN VARCHAR(30) DEFAULT 'steady' NOT NULL"
    )
    session.execute("DELETE FROM SIM_DAY WHERE SCENARIO <> ALL(%s)", [known])


def copy_rows(session: Session, rows: Rows) -> None:
    """Write rows that are not there yet."""
    for table in TABLES:
        command = sql.SQL("COPY {} ({}) FROM STDIN").format(_name(table), _columns(table))
        with session.cursor() as cursor, cursor.copy(command) as copy:
            for row in rows.get(table.name, ()):
                copy.write_row(row)


def analyze(session: Session) -> None:
    """Let the planner know what was written; of other tables, system ones too, it may not."""
    session.execute(sql.SQL("ANALYZE {}").format(sql.SQL(", ").join(map(_name, TABLES))))


def put_rows(session: Session, rows: Rows) -> None:
    """Write rows that may be there already; those that are get the new values."""
    for table in TABLES:
        found = rows.get(table.name, [])
        if found:
            with session.cursor() as cursor:
                cursor.executemany(_upsert(table), found)


def _upsert(table: Table) -> sql.Composed:
    key = [sql.Identifier(column.lower()) for column in table.columns[: table.key]]
    rest = [sql.Identifier(column.lower()) for column in table.columns[table.key :]]
    return sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO UPDATE SET {}").format(
        _name(table),
        _columns(table),
        sql.SQL(", ").join([sql.Placeholder()] * len(table.columns)),
        sql.SQL(", ").join(key),
        sql.SQL(", ").join(sql.SQL("{0} = EXCLUDED.{0}").format(column) for column in rest),
    )


def _name(table: Table) -> sql.Identifier:
    return sql.Identifier(table.name.lower())


def _columns(table: Table) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column.lower()) for column in table.columns)


def first_numbers(session: Session, day: date) -> dict[str, int]:
    """Return the batch number of each code's first run of the day, where it has one."""
    found = session.execute(
        "SELECT BATCH_CD, MIN(BATCH_NBR) FROM CI_BATCH_RUN WHERE BATCH_BUS_DT = %s GROUP BY 1",
        [day],
    )
    return {code.rstrip(): int(number) for code, number in found}


def next_numbers(session: Session) -> dict[str, int]:
    """Return the number that each code's next run will have."""
    found = session.execute("SELECT BATCH_CD, NEXT_BATCH_NBR FROM CI_BATCH_CTRL")
    return {code.rstrip(): int(number) for code, number in found}


def move_controls(
    session: Session, *, numbers: Mapping[str, int], ended_at: Mapping[str, datetime]
) -> None:
    """Move each code's next number and the time its last run ended."""
    rows = [(number, ended_at.get(code), code) for code, number in numbers.items()]
    with session.cursor() as cursor:
        cursor.executemany(
            "UPDATE CI_BATCH_CTRL SET NEXT_BATCH_NBR = %s,"
            " LAST_UPDATE_DTTM = COALESCE(%s, LAST_UPDATE_DTTM), VERSION = VERSION %% 99999 + 1"
            " WHERE BATCH_CD = %s",
            rows,
        )


class Measurements:
    """The day's rows of D1_IMD_CTRL: they wait from their arrival until D1-IMD has done them."""

    def __init__(self, session: Session, day: date) -> None:
        self._session = session
        self._prefix = f"{(day - EPOCH).days:05}"

    def come(self, *, since: int, until: int, between: tuple[datetime, datetime]) -> None:
        """Add the day's measurements number `since` + 1 to `until`, that came between the two."""
        self._add("1", (since, until), "PENDING", between)

    def fail(self, *, since: int, until: int, between: tuple[datetime, datetime]) -> None:
        """Add measurements that could not be worked off; people look at them later."""
        self._add("2", (since, until), "ERROR", between)

    def go(self, *, until: int) -> None:
        """Remove the day's measurements up to that number: they are done."""
        self._session.execute(
            "DELETE FROM D1_IMD_CTRL WHERE INIT_MSRMT_DATA_ID BETWEEN %s AND %s",
            [f"{self._prefix}1{0:08}", f"{self._prefix}1{until:08}"],
        )

    def _add(
        self, kind: str, span: tuple[int, int], status: str, between: tuple[datetime, datetime]
    ) -> None:
        since, until = span
        self._session.execute(
            """
            INSERT INTO D1_IMD_CTRL
            SELECT %(prefix)s || LPAD(n::text, 8, '0'), LPAD((n %% 40)::text, 12, '0'),
                   LPAD((n * 7919 %% 1000000)::text, 12, '0'),
                   (%(objects)s::text[])[1 + n %% 3], %(status)s, at, at
              FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n,
                   LATERAL (SELECT %(from)s::timestamp + (%(to)s::timestamp - %(from)s::timestamp)
                            * ((n - %(first)s)::float / GREATEST(1, %(last)s - %(first)s)))
                   AS came (at)
            """,
            {
                "prefix": f"{self._prefix}{kind}",
                "objects": list(BUSINESS_OBJECTS),
                "status": status,
                "from": between[0],
                "to": between[1],
                "first": since + 1,
                "last": until,
            },
        )


def forget_before(session: Session, day: date) -> None:
    """Remove runs and all about them of business days before `day`."""
    _forget(session, day, "<")


def forget_from(session: Session, day: date) -> None:
    """Remove all of the business day and those after it; their batch numbers are given anew."""
    for code, number in first_numbers(session, day).items():
        session.execute(
            "UPDATE CI_BATCH_CTRL SET NEXT_BATCH_NBR = %s WHERE BATCH_CD = %s", [number, code]
        )
    _forget(session, day, ">=")
    first = f"{(day - EPOCH).days:05}"
    session.execute("DELETE FROM D1_IMD_CTRL WHERE INIT_MSRMT_DATA_ID >= %s", [first])
    session.execute("DELETE FROM SIM_DAY WHERE BUS_DT > %s", [day])


def _forget(session: Session, day: date, compare: Literal["<", ">="]) -> None:
    first = (day - EPOCH).days * INSTANCES_A_DAY
    for rows, value in (
        ("CI_BATCH_INST WHERE SCHEDULER_ID", first),
        ("CI_MSG_LOGPARM WHERE SCHEDULER_ID", first),
        ("CI_MSG_LOG WHERE SCHEDULER_ID", first),
        (THREADS_OF_DAYS, day),
        (PARAMETERS_OF_DAYS, day),
        ("CI_BATCH_JOB WHERE PROCESS_DT", day),
        ("CI_BATCH_RUN WHERE BATCH_BUS_DT", day),
    ):
        session.execute(f"DELETE FROM {rows} {compare} %s".encode(), [value])  # noqa: S608


def purge_run(session: Session, code: str, number: int) -> None:
    """Remove a run's rows but its submissions', as a purge in CC&B does."""
    for rows in (LINES_OF_RUN.format("CI_MSG_LOGPARM"), LINES_OF_RUN.format("CI_MSG_LOG")):
        session.execute(rows.encode(), [code, number])
    for table in ("CI_BATCH_INST", "CI_BATCH_THD", "CI_BATCH_RUN"):
        rows = f"DELETE FROM {table} WHERE BATCH_CD = %s AND BATCH_NBR = %s"  # noqa: S608
        session.execute(rows.encode(), [code, number])


def set_logins(session: Session, reader: str, *, open_: bool) -> None:
    """Let the reader log in, or nobody but the owner."""
    row = session.execute("SELECT current_database()").fetchone()
    database, role = sql.Identifier(str(row[0]) if row else ""), sql.Identifier(reader)
    if open_:
        session.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, role))
    else:
        session.execute(
            sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC, {}").format(database, role)
        )


def forget_errors_before(session: Session, at: datetime) -> None:
    """Remove measurements in error that people have dealt with by then."""
    session.execute("DELETE FROM D1_IMD_CTRL WHERE BO_STATUS_CD = 'ERROR' AND CRE_DTTM < %s", [at])
