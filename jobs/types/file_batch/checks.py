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
REMEMBERED = 5_000
# No sign but the minus, no zeros before a number: those are codes, and text.
WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,29})", re.ASCII).fullmatch
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,29})(?:\.[0-9]{1,30})?", re.ASCII).fullmatch
# Workbooks write a day as its midnight.
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T00:00:00)?", re.ASCII).fullmatch
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
).fullmatch
BOOLEANS = frozenset(("true", "false"))


@dataclass(frozen=True, slots=True)
class Form:
    """How values of a type are written, how read, and what is said of those out of bounds.

    `fits_all` says that whatever fits is a value: of dates it is not.
    """

    fits: Callable[[str], object]
    read: Callable[[str], Any]
    below: str
    above: str
    fits_all: bool = True


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


def read(kind: str, text: str) -> Any:
    """Return the value that a text means in a column of this type, to be compared with others.

    :raises ValueError: when it is none as such columns have them.
    """
    form = FORMS[kind]
    if not form.fits(text):
        raise ValueError(text)
    return form.read(text)


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=settings.SITE_ZONE)


FORMS = {
    INTEGER: Form(WHOLE, int, "too_small", "too_large"),
    DECIMAL: Form(NUMBER, Decimal, "too_small", "too_large"),
    DATE: Form(DAY, _day, "too_early", "too_late", fits_all=False),
    DATETIME: Form(MOMENT, _moment, "too_early", "too_late", fits_all=False),
}


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


def _of_form(column: Column, empty: str) -> Check:
    form = FORMS[column.type]
    fits, read_value, wrong = form.fits, form.read, f"not_{column.type}"
    low = read(column.type, column.min) if column.min else None
    high = read(column.type, column.max) if column.max else None
    is_enough = form.fits_all and low is None and high is None

    def check(cell: str) -> str:
        if not cell:
            return empty
        if not fits(cell):
            return wrong
        if is_enough:
            return ""
        try:
            value = read_value(cell)
            if low is not None and value < low:
                return form.below
            return form.above if high is not None and value > high else ""
        except (ValueError, OverflowError):
            return wrong

    return check if form.fits_all else _Remembering(check).__getitem__


class _Remembering(dict[str, str]):
    """What was said of some values: dates come again and again, and take long to judge."""

    def __init__(self, check: Check) -> None:
        super().__init__()
        self._check = check

    def __missing__(self, cell: str) -> str:
        said = self._check(cell)
        if len(self) < REMEMBERED:
            self[cell] = said
        return said


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
    BOOLEAN: _boolean,
    CHOICE: _choice,
    **dict.fromkeys(FORMS, _of_form),
}
