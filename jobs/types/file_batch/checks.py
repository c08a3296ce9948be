"""Make of a declared column what judges its cells: it returns a word of KINDS, or nothing."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from jobs.types.file_batch.patterns import compiled

Check = Callable[[str], str]
TEXT, INTEGER, DECIMAL, DATE, DATETIME, BOOLEAN, CHOICE = TYPES = (
    "text", "integer", "decimal", "date", "datetime", "boolean", "choice",
)  # fmt: skip
# What can be wrong with a cell, in words that follow its value.
KINDS = {
    "missing": _("is empty and must not be"),
    "not_integer": _("is no whole number such as -12"),
    "not_decimal": _("is no number such as 12.50"),
    "not_date": _("is no date such as 2026-11-22"),
    "not_datetime": _("is no time such as 2026-11-22 14:05"),
    "not_boolean": _("is neither true nor false"),
    "not_allowed": _("is none of the allowed values"),
    "too_short": _("is shorter than allowed"),
    "too_long": _("is longer than allowed"),
    "too_small": _("is less than allowed"),
    "too_large": _("is more than allowed"),
    "too_early": _("is earlier than allowed"),
    "too_late": _("is later than allowed"),
    "not_fitting": _("does not fit the pattern"),
    "duplicate": _("stands in an earlier row already"),
    "unknown_column": _("stands in a column that is not declared"),
    "no_value": _("is a list or an object, no single value"),
}
# The same of one column, with its limit.
KINDS_OF_COLUMN = {
    "not_allowed": _("is none of: %(allowed)s"),
    "too_short": _("is shorter than %(min)s characters"),
    "too_long": _("is longer than %(max)s characters"),
    "too_small": _("is less than %(min)s"),
    "too_large": _("is more than %(max)s"),
    "too_early": _("is earlier than %(min)s"),
    "too_late": _("is later than %(max)s"),
    "not_fitting": _("does not fit the pattern %(pattern)s"),
}
ALLOWED_SHOWN = 10
# No sign but the minus, no zeros before a number: those are codes, and text.
WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,29})", re.ASCII).fullmatch
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,29})(?:\.[0-9]{1,30})?", re.ASCII).fullmatch
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII).fullmatch
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
).fullmatch
MIDNIGHT = "T00:00:00"
BOOLEANS = frozenset(("true", "false"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One declared column; of `min` and `max` the length of text, else the value, as it is written.

    An empty `min`, `max`, `pattern` or `allowed` asks for nothing.
    """

    name: str
    type: str = TEXT
    required: bool = False
    unique: bool = False
    min: str = ""
    max: str = ""
    pattern: str = ""
    allowed: tuple[str, ...] = ()

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> "Column":
        """Return the column that a job's params declare."""
        return cls(**{**params, "allowed": tuple(params.get("allowed", ()))})


def in_words(kind: str, column: Column | None = None) -> str:
    """Say what is wrong with a value, in words that follow it; of a column with its limit."""
    if column is None or kind not in KINDS_OF_COLUMN:
        return str(KINDS.get(kind, kind))
    allowed = ", ".join(column.allowed[:ALLOWED_SHOWN])
    more = ", ..." if len(column.allowed) > ALLOWED_SHOWN else ""
    limits = {"min": column.min, "max": column.max, "pattern": column.pattern}
    return str(KINDS_OF_COLUMN[kind]) % {**limits, "allowed": allowed + more}


def check_of(column: Column) -> Check:
    """Return what judges a cell of the column; rows that are doubles it cannot see."""
    return MAKERS[column.type](column, "missing" if column.required else "")


def read_integer(text: str) -> int:
    """Return a whole number.

    :raises ValueError: when it is none as columns have them.
    """
    if not WHOLE(text):
        raise ValueError(text)
    return int(text)


def read_decimal(text: str) -> Decimal:
    """Return a number.

    :raises ValueError: when it is none as columns have them.
    """
    if not NUMBER(text):
        raise ValueError(text)
    return Decimal(text)


def read_date(text: str) -> date:
    """Return a date; the midnight by which workbooks write one is taken too.

    :raises ValueError: when it is none as columns have them.
    """
    day = text.removesuffix(MIDNIGHT)
    if not DAY(day):
        raise ValueError(text)
    return date.fromisoformat(day)


def read_datetime(text: str) -> datetime:
    """Return an aware moment; without an offset it is one of the site's zone.

    :raises ValueError: when it is none as columns have them.
    """
    if not MOMENT(text):
        raise ValueError(text)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=settings.SITE_ZONE)


def _text(column: Column, empty: str) -> Check:
    low, high = int(column.min or 0), int(column.max or 0)
    fits = compiled(column.pattern) if column.pattern else None

    def check(cell: str) -> str:
        if not cell or cell.isspace():
            return empty
        if len(cell) < low:
            return "too_short"
        if high and len(cell) > high:
            return "too_long"
        return "" if fits is None or fits(cell) else "not_fitting"

    return check


def _of(
    read: Callable[[str], Any], wrong: str, below: str, above: str
) -> Callable[[Column, str], Check]:
    def make(column: Column, empty: str) -> Check:
        low = read(column.min) if column.min else None
        high = read(column.max) if column.max else None

        def check(cell: str) -> str:
            if not cell:
                return empty
            try:
                value = read(cell)
                if low is not None and value < low:
                    return below
                return above if high is not None and value > high else ""
            except (ValueError, OverflowError):
                return wrong

        return check

    return make


def _boolean(_column: Column, empty: str) -> Check:
    def check(cell: str) -> str:
        if not cell:
            return empty
        return "" if cell.lower() in BOOLEANS else "not_boolean"

    return check


def _choice(column: Column, empty: str) -> Check:
    allowed = frozenset(column.allowed)

    def check(cell: str) -> str:
        if cell in allowed:
            return ""
        return "not_allowed" if cell else empty

    return check


MAKERS: Mapping[str, Callable[[Column, str], Check]] = {
    TEXT: _text,
    INTEGER: _of(read_integer, "not_integer", "too_small", "too_large"),
    DECIMAL: _of(read_decimal, "not_decimal", "too_small", "too_large"),
    DATE: _of(read_date, "not_date", "too_early", "too_late"),
    DATETIME: _of(read_datetime, "not_datetime", "too_early", "too_late"),
    BOOLEAN: _boolean,
    CHOICE: _choice,
}
READERS: Mapping[str, Callable[[str], Any]] = {
    TEXT: read_integer,
    INTEGER: read_integer,
    DECIMAL: read_decimal,
    DATE: read_date,
    DATETIME: read_datetime,
}
