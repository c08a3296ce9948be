"""Make the simulated agreements that bill stop looks at, and bill them day by day."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import psycopg

Session = psycopg.Connection[Any]

SCHEMA_FILE = Path(__file__).parent / "bill_stop.sql"
# When CM_BSGGN has made the day's bill segments.
BILLED_AT = time(13)


def prepare(session: Session, *, day: date, agreements: int) -> bool:
    """Make the agreements as they stand before `day`'s billing, where they are missing.

    Part of the caller's transaction; says whether anything was made.
    """
    found = session.execute("SELECT to_regclass('ci_prem_char') IS NOT NULL").fetchone()
    if found and found[0]:
        return False
    session.execute(SCHEMA_FILE.read_bytes())
    session.execute("SELECT SIM_FILL(%s, %s::bigint)", [day, agreements])
    session.execute("ANALYZE CI_SA, CI_SA_SP, CI_SP_CHAR, CI_PREM, CI_PREM_CHAR, CI_FT")
    bill_anew(session, day=day)
    return True


def bill_anew(session: Session, *, day: date) -> None:
    """Bill all days before `day` as if no later one had ever been."""
    session.execute("SELECT SIM_BILL_ANEW(%s)", [day])


def bill(session: Session, *, since: datetime, until: datetime) -> None:
    """Bill each day whose billing hour lies after `since` and not after `until`, site time."""
    day = since.date()
    while datetime.combine(day, BILLED_AT) <= until:
        if datetime.combine(day, BILLED_AT) > since:
            session.execute("SELECT SIM_BILL(%s, 0)", [day])
        day += timedelta(days=1)
