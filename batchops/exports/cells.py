"""Say what stands in the columns of an export, and write it so that nothing runs as a formula."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

Cell = str | int | float | datetime | list[Any] | dict[str, Any] | None

FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, and how its cell is read off a row.

    Times are aware; lists and objects become JSON; None is an empty cell.
    """

    title: str
    cell: Callable[[Any], Cell]


def csv_cell(value: Cell) -> str | int | float:
    """Return a cell as CSV has it: times in ISO 8601 with the site's offset, text made harmless."""
    if isinstance(value, str):
        return harmless(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(settings.SITE_ZONE).isoformat(timespec="seconds")
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return value


def harmless(text: str) -> str:
    """Return the text with a `'` before it if a spreadsheet would run it as a formula."""
    return f"'{text}" if text.startswith(FORMULA_BEGINS) else text
