"""Hand out the rows that a file batch rejected, read anew from the files as they were sent."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from batchops.exports import Cell, Column, Export
from jobs.errors import FilesUnavailable, ItemsRemoved, NotTables
from jobs.models import Job, JobItem
from jobs.types.file_batch import checks
from jobs.types.file_batch.checking import CheckedRow, Problem, in_words, rejected_rows
from jobs.types.file_batch.job_type import FileBatch
from jobs.types.file_batch.schema import Schema
from jobs.types.file_batch.sources import StorageFails, forget_archive, opened

NUMBERS = (checks.INTEGER, checks.DECIMAL)
ITEMS_AT_ONCE = 100
EXACT_DIGITS = 15


class _Rejected(NamedTuple):
    """A rejected row and the name of its file."""

    file: str
    row: CheckedRow


def rejected_export(job: Job, position: int | None = None) -> Export:
    """Return the rejected rows of a job, or of its file at `position`, each with the reason.

    What a spreadsheet would run is kept from running as in every export. Its rows raise
    FilesUnavailable when the storage does not give a file.

    :raises NotTables: when the job is no file batch.
    :raises ItemsRemoved: when its files are not kept any more.
    """
    if job.type != FileBatch.name:
        raise NotTables(_("Only a file batch has rejected rows. Its items say what this job did."))
    if job.items_removed_at is not None:
        raise ItemsRemoved(
            _("The files of this job were removed, as old ones are. Send them anew.")
        )
    schema = Schema.of(job.params)
    name = f"rejected-{job.pk}" if position is None else f"rejected-{job.pk}-file-{position}"
    items = JobItem.objects.filter(job=job, result__rejected__gt=0).order_by("position")
    if position is not None:
        items = items.filter(position=position)
    return Export(
        name,
        _columns(schema),
        rows=lambda: _rows(job, schema, items),
        longer_than=lambda rows: _count(items) > rows,
    )


def _count(items: QuerySet[JobItem]) -> int:
    """Return how many rows were rejected when the files were checked; as many are handed out."""
    return sum(items.values_list("result__rejected", flat=True))


def _rows(job: Job, schema: Schema, items: QuerySet[JobItem]) -> Iterator[_Rejected]:
    try:
        for item in items.iterator(chunk_size=ITEMS_AT_ONCE):
            with opened(job, item.params or {}) as source:
                for row in islice(rejected_rows(source, schema), (item.result or {})["rejected"]):
                    yield _Rejected(source.name, row)
    except StorageFails as error:
        raise FilesUnavailable(
            _(
                "The storage does not give a file of this job now. Ask again; if it stays so, "
                "send the files anew."
            )
        ) from error
    finally:
        forget_archive()


def _columns(schema: Schema) -> list[Column]:
    own = [_column(at, column) for at, column in enumerate(schema.columns)]
    others = [Column(_("Other columns"), lambda one: one.row.others)] if schema.takes_others else []
    return [
        Column(_("File"), lambda one: one.file),
        Column(_("Row"), lambda one: one.row.line),
        *own,
        *others,
        Column(_("Reason"), lambda one: _reason(schema, one.row.problems)),
    ]


def _reason(schema: Schema, problems: Sequence[Problem]) -> str:
    said = [
        f"{one.column}: {in_words(schema, one.kind, one.column, one.value)}" for one in problems
    ]
    return "; ".join(said)


def _column(at: int, column: checks.Column) -> Column:
    if column.type in NUMBERS:
        return Column(column.name, lambda one: _number(one.row.cells[at]))
    return Column(column.name, lambda one: one.row.cells[at])


def _number(cell: str) -> Cell:
    """Return a number as one, so that a minus is not taken for the beginning of a formula.

    One of which spreadsheets would drop digits stays text.
    """
    digits = cell.lstrip("-").replace(".", "").lstrip("0")
    if not checks.NUMBER(cell) or len(digits) > EXACT_DIGITS:
        return cell
    return int(cell) if checks.WHOLE(cell) else float(cell)
