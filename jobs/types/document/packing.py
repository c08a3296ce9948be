"""Name the PDFs of a job for its ZIP, and list whose each is."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

from batchops.exports.cells import harmless
from jobs import states
from jobs.archive import Names
from jobs.models import Job, JobItem
from jobs.types.document import kept
from jobs.types.document.params import file_name_of

LIST = "recipients.csv"


def files_of(job: Job) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Yield the names and bytes of a job's PDFs, in the order of its recipients, and their list."""
    for name, item in _named_items(job):
        if item.state == states.SUCCEEDED:
            yield name, kept.read((item.result or {})["file"])
    yield LIST, _list_of(job)


def _named_items(job: Job) -> Iterator[tuple[str, JobItem]]:
    """Yield all items with the names of their PDFs, which do not depend on which succeeded."""
    names = Names()
    names.take(LIST)
    width = len(str(job.items_total))
    for item in job.items.order_by("position").iterator(chunk_size=1_000):
        number = f"{item.position + 1:0{width}}"
        recipient = item.params or {}
        yield names.take(file_name_of(job.params, recipient, number)), item


def _list_of(job: Job) -> Iterator[bytes]:
    """Yield a table of all recipients: which PDF is whose, and why others have none."""
    yield _line("number", "recipient", "state", "file", "pages", "error")
    for name, item in _named_items(job):
        label, pages = (item.params or {})["label"], (item.result or {}).get("pages", "")
        done = item.state == states.SUCCEEDED
        cells = [label, item.state, name if done else "", pages if done else "", item.error]
        yield _line(item.position + 1, *(harmless(str(cell)) for cell in cells))


def _line(*cells: Any) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode()
