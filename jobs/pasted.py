"""Read items that people paste: a value a line, or a table with its names in the first line."""

import csv
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

DIVIDERS = "\t;,"


def read_items(text: str, names: Sequence[str], *, limit: int) -> list[dict[str, Any]]:
    """Return the items of a pasted text; empty lines and empty cells count for nothing.

    The first line is one of names if every cell of it is one of `names`, or if there are none of
    those; else each line is the value of the first of them.

    :raises ValidationError: for over `limit` items, a line with more cells than names, or a first
        line that names nothing or something twice.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    divider = next((mark for mark in DIVIDERS if lines and mark in lines[0]), ",")
    head = [cell.strip() for cell in lines[0].split(divider)] if lines else []
    is_table = bool(head) and set(head) <= set(names) and len(set(head)) == len(head)
    if head and not names:
        _check_names(head)
        is_table = True
    rows = lines[1:] if is_table else lines
    if len(rows) > limit:
        raise ValidationError(
            _("%(n)s items are too many; %(limit)s at once are allowed. Send the others as jobs of "
              "their own.")
            % {"n": f"{len(rows):,}", "limit": f"{limit:,}"}
        )  # fmt: skip
    if not is_table:
        return [{names[0]: line.strip()} for line in rows]
    return [_item(cells, head, line) for line, cells in enumerate(_cells(rows, divider), start=2)]


def _check_names(head: Sequence[str]) -> None:
    if not all(head) or len(set(head)) < len(head):
        raise ValidationError(
            _("The first line must name every column, each once. It is: %(line)s")
            % {"line": ", ".join(head)[:200]}
        )


def _cells(rows: Sequence[str], divider: str) -> list[list[str]]:
    try:
        return list(csv.reader(rows, delimiter=divider, strict=True))
    except csv.Error as error:
        raise ValidationError(
            _("This is no table that can be read: %(what)s. Mend the quotation marks.")
            % {"what": error}
        ) from None


def _item(cells: Sequence[str], head: Sequence[str], line: int) -> dict[str, Any]:
    if len(cells) > len(head):
        raise ValidationError(
            _("Line %(line)s has %(n)s cells, but the first line names %(names)s. Mend the line.")
            % {"line": line, "n": len(cells), "names": len(head)}
        )
    pairs = zip(head, cells, strict=False)
    return {name: cell.strip() for name, cell in pairs if cell.strip()}
