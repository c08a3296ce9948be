"""Read how the billing of prepaid agreements stands, one range of their ids at a time."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings

from batchops.ccb.client import named, read_lines
from batchops.ccb.rows import Line, Row, UnexpectedRow
from batchops.ccb.source import parse_source

IDS = 10**10
STATUSES = 4
COLUMNS = 18
# Beside the statement itself: to start the process, to log in and to log off.
AROUND = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Agreement:
    """One agreement at its first open service point, with its customer and its billing.

    Texts are empty where CC&B has none; `balance_cents` is what is owed, negative what is left.
    """

    sa_id: str
    status: str
    started_on: date | None
    crp_account_no: str
    cpc_customer_no: str
    meter_no: str
    customer_name: str
    phone_no: str
    address: str
    nocs_name: str
    status_text: str
    last_bill_on: date | None
    has_error: bool
    has_unfrozen: bool
    has_segment: bool
    balance_cents: int


class Reading(NamedTuple):
    """What one range held, and the day on the source's own clock."""

    day: date
    agreements: list[Agreement]


class IdRange(NamedTuple):
    """The agreements whose ids lie between two whole numbers, both included."""

    low: int
    high: int

    def halves(self) -> tuple["IdRange", "IdRange"]:
        """Return the lower and the upper half."""
        middle = (self.low + self.high) // 2
        return IdRange(self.low, middle), IdRange(middle + 1, self.high)


def id_range(number: int, *, of: int) -> IdRange:
    """Return range `number`, from 0, when all ids are cut into `of` equal ones.

    CC&B draws ids at random, and gives its own threads ranges cut in this way.
    """
    return IdRange(IDS * number // of, IDS * (number + 1) // of - 1)


def read_agreements(span: IdRange, *, limit: timedelta, url: str | None = None) -> Reading:
    """Return the agreements of a range that belong to a CRP, by their ids.

    `limit` is for the statement; the site's codes are settings (BILL_STOP_*); `url` is
    settings.CCB_URL unless given.

    :raises CcbError: of the class and code that fit, `ccb_call_timeout` at the limit.
    """
    source = parse_source(settings.CCB_URL if url is None else url)
    request = {
        "task": "bill_stop",
        "binds": _codes() | {"low": f"{span.low:010}", "high": f"{span.high:010}"},
        "call_timeout_s": limit.total_seconds(),
    }
    zone = settings.SITE_ZONE
    found: dict[str, Agreement] = {}
    day = None
    with closing(read_lines(source, request, deadline=limit + AROUND)) as lines, named(source):
        for line in lines:
            if line[0] == "bill_stop":
                agreement = _agreement(line, zone)
                # CC&B writes a space for none. At the first service point that has one the
                # agreement stands for itself: it is one, and billed as one.
                if agreement.crp_account_no:
                    found.setdefault(agreement.sa_id, agreement)
            else:
                day = Row(line, columns=1, zone=zone).optional_date()
        if day is None:
            raise UnexpectedRow("clock: no row, the source's clock is not known")
    return Reading(day, list(found.values()))


def codes_by_table() -> list[tuple[str, str]]:
    """Return the site's own codes, each with what check_bill_stop calls its kind."""
    return [
        ("SA_TYPE_CD", settings.BILL_STOP_SA_TYPE),
        ("CI_SP_CHAR", settings.BILL_STOP_CRP_CHAR),
        ("CI_SP_CHAR", settings.BILL_STOP_CPC_CHAR),
        ("CI_PREM_CHAR", settings.BILL_STOP_NOCS_CHAR),
        ("C1_PER_CONTDET", settings.BILL_STOP_PHONE_TYPE),
        ("D1_DVC_IDENTIFIER", settings.BILL_STOP_METER_ID_TYPE),
    ]


def _codes() -> dict[str, str]:
    return {
        "crp_char": settings.BILL_STOP_CRP_CHAR,
        "cpc_char": settings.BILL_STOP_CPC_CHAR,
        "nocs_char": settings.BILL_STOP_NOCS_CHAR,
        "sa_type": settings.BILL_STOP_SA_TYPE,
        "phone_type": settings.BILL_STOP_PHONE_TYPE,
        "meter_id_type": settings.BILL_STOP_METER_ID_TYPE,
        **_status_binds(settings.BILL_STOP_SA_STATUSES),
    }


def _status_binds(statuses: Sequence[str]) -> dict[str, str]:
    """Fill the places of the statement; what is left over repeats the first."""
    places = [*statuses, *[statuses[0]] * STATUSES][:STATUSES]
    return {f"sa_status_{place}": status for place, status in enumerate(places, start=1)}


def _agreement(line: Line, zone: ZoneInfo) -> Agreement:
    row = Row(line, columns=COLUMNS, zone=zone, personal=True)
    return Agreement(
        sa_id=row.text(),
        status=row.text(),
        started_on=row.optional_date(),
        crp_account_no=row.text().strip(),
        cpc_customer_no=row.optional_text().strip(),
        meter_no=row.optional_text().strip(),
        customer_name=row.optional_text().strip(),
        phone_no=row.optional_text().strip(),
        address=_joined(row.optional_text(), row.optional_text(), row.optional_text()),
        nocs_name=row.optional_text().strip(),
        status_text=row.optional_text(),
        last_bill_on=row.optional_date(),
        has_error=row.text() == "Y",
        has_unfrozen=row.text() == "Y",
        has_segment=row.text() == "Y",
        balance_cents=row.optional_whole(),
    )


def _joined(*lines: str) -> str:
    """Return the lines of an address as one; CC&B writes a space for a line that is empty."""
    return ", ".join(filter(None, (line.strip() for line in lines)))
