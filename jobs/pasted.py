"""Read items that people paste: a value a line, or a table with its names in the first line."""

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

DIVIDERS = "\t;,"


def read_items(text: str, names: Sequence[str], *, limit: int) -> list[dict[str, Any]]:
    """Return the items of a pasted text; empty lines count for nothing.

    The first line is one of names if every cell of it is one of `names`, or if there are none of
    those; else each line is the value of the first of them. Empty cells are left out, unless the
    first line alone says which names there are.

    :raises ValidationError: for over `limit` items, a line with more cells than names, or a first
        line that names nothing or something twice.
    """
    # Not by splitlines(), which also ends lines at signs that stand inside of texts.
    lines = re.split("\r\n|\r|\n", text)
    first = next((at for at, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return []
    divider = next((mark for mark in DIVIDERS if mark in lines[first]), ",")
    head = [cell.strip() for cell in next(csv.reader([lines[first]], delimiter=divider))]
    if not names:
        _check_names(head)
    elif not set(head) <= set(names) or len(set(head)) < len(head):
        values = [line.strip() for line in lines if line.strip()]
        _check_count(len(values), limit)
        return [{names[0]: value} for value in values]
    rows = list(_rows(lines, first + 1, divider))
    _check_count(len(rows), limit)
    return [_item(cells, head, line, keeps_empty=not names) for line, cells in rows]


def _check_count(count: int, limit: int) -> None:
    if count > limit:
        raise ValidationError(
            _("%(n)s items are too many; %(limit)s at once are allowed. Send the others as jobs of "
              "their own.")
            % {"n": f"{count:,}", "limit": f"{limit:,}"}
        )  # fmt: skip


def _check_names(head: Sequence[str]) -> None:
    if not all(head) or len(set(head)) < len(head):
        raise ValidationError(
            _("The first line must name every column, each once. It is: %(line)s")
            % {"line": ", ".join(head)[:200]}
        )


def _rows(lines: Sequence[str], start: int, divider: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each row from a line on, with the number of the line that ends it."""
    reader = csv.reader((f"{line}\n" for line in lines[start:]), delimiter=divider, strict=True)
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                yield start + reader.line_num, cells
    except csv.Error as error:
        raise ValidationError(
            _("This is no table that can be read: %(what)s. Mend the quotation marks.")
            % {"what": error}
        ) from None


def _item(
    cells: Sequence[str], head: Sequence[str], line: int, *, keeps_empty: bool
) -> dict[str, Any]:
    if len(cells) > len(head):
        raise ValidationError(
            _("Line %(line)s has %(n)s cells, but the first line names %(names)s. Mend the line.")
            % {"line": line, "n": len(cells), "names": len(head)}
        )
    pairs = zip_longest(head, map(str.strip, cells), fillvalue="")
    return {name: cell for name, cell in pairs if cell or keeps_empty}
