"""Name the PDFs of a job for its ZIP, and list whose each is."""

import csv
from collections.abc import Iterable, Iterator
from functools import partial
from io import StringIO
from typing import Any

from batchops.downloads import Stored
from batchops.exports.cells import harmless
from jobs import states
from jobs.archive import Names, safe_file_name
from jobs.models import Job, JobItem
from jobs.types.document import kept
from jobs.types.document.params import NAME, file_name_of

LIST = "recipients.csv"


def files_of(job: Job) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Yield the names and bytes of a job's PDFs, in the order of its recipients, and their list."""
    for name, item in _named_items(job):
        if item.state == states.SUCCEEDED:
            yield name, kept.read((item.result or {})["file"])
    yield LIST, _list_of(job)


def made_for(job: Job, position: int) -> Stored | None:
    """Return the PDF of the recipient at a position; None when there is none, or it is gone."""
    done = job.items.filter(position=position, state=states.SUCCEEDED)
    item = done.first() if job.type == NAME else None
    if item is None or item.params is None or item.result is None:
        return None
    name = file_name_of(job.params, item.params, _number(job, item))
    made = item.result
    return Stored(
        name=safe_file_name(name),
        size_bytes=made["bytes"],
        digest=made["sha256"],
        content_type="application/pdf",
        open=partial(kept.opened, made["file"]),
    )


def _number(job: Job, item: JobItem) -> str:
    return f"{item.position + 1:0{len(str(job.items_total))}}"


def _named_items(job: Job) -> Iterator[tuple[str, JobItem]]:
    """Yield all items with the names of their PDFs, which do not depend on which succeeded."""
    names = Names()
    names.take(LIST)
    for item in job.items.order_by("position").iterator(chunk_size=1_000):
        recipient = item.params or {}
        yield names.take(file_name_of(job.params, recipient, _number(job, item))), item


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
