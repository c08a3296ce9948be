"""Documents: a PDF for each recipient out of one template, and a ZIP of all of them."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import IntegerField, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils.translation import gettext_noop

from batchops.errors import InvalidInput
from jobs import states
from jobs.errors import ItemRefused
from jobs.lifecycle import WorkItem
from jobs.models import Job
from jobs.reading import GivenFile
from jobs.registry import FilesTaken, FollowUp, JobType, Result, register
from jobs.types.document import kept, packing
from jobs.types.document.drawn import CannotDraw
from jobs.types.document.params import NAME, DocumentParams, RecipientItem, draw, fields_named
from jobs.types.document.recipients import Recipient, lacking_fields, look_at, read_recipients
from jobs.uploads import job_files


@register
class DocumentBatch(JobType):
    """Draws the template once for each recipient; an item's result names its PDF."""

    name = NAME
    label = gettext_noop("Documents")
    about = (
        "Makes one PDF for each recipient out of a template, and a ZIP of all of them. Recipients "
        "are the rows of a CSV or Excel table, with the names of the fields in its first row."
    )
    params = DocumentParams
    item_params = RecipientItem
    follow_ups = (FollowUp("enrich", "Enrich All", "enrich"),)
    takes_files = FilesTaken(kinds=("csv", "xlsx"), least=0, most=1, bytes_each=64 * 1024**2)
    items_template = "jobs/document/_documents.html"
    item_limit = timedelta(minutes=1)
    # The storage may fail for a moment; what is wrong with a recipient fails at once.
    max_attempts = 3

    def title(self, params: dict[str, Any]) -> str:
        lines = (line.strip("# *") for line in params["template"].splitlines())
        first = next(filter(None, lines), "")
        return f"{self.label}: {first[:80]}" if first else self.label

    def check_file(self, params: dict[str, Any], file: GivenFile) -> None:
        look_at(file, fields_named(params))

    def check_order(
        self, params: dict[str, Any], *, items: Sequence[Recipient] | None, files: int
    ) -> None:
        if bool(items) == bool(files):
            came = "both came" if files else "neither came"
            sentence = f"Send the recipients as a table or as items, one of the two; {came}."
            raise InvalidInput("Some input cannot be used: files.", {"files": [sentence]})
        columns = list(dict.fromkeys(name for item in items or () for name in item["values"]))
        lacking = lacking_fields(fields_named(params), columns) if items else ""
        if lacking:
            raise InvalidInput("Some input cannot be used: items.", {"items": [lacking]})

    def items(self, job: Job, start: int) -> Iterator[dict[str, Any]]:
        for file in job_files(job):
            yield from read_recipients(file, start)

    def run_item(self, job: Job, item: WorkItem) -> Result:
        try:
            drawn = draw(job.params, item.params, title=job.title)
        except CannotDraw as error:
            raise ItemRefused(str(error)) from None
        return {
            "file": kept.keep(job.pk, item.position, drawn.content),
            "pages": drawn.pages,
            "bytes": len(drawn.content),
            "sha256": hashlib.sha256(drawn.content).hexdigest(),
        }

    def summarise(self, job: Job) -> dict[str, Any]:
        done = job.items.filter(state=states.SUCCEEDED)
        figures = {
            name: Sum(Cast(KeyTextTransform(name, "result"), IntegerField()), default=0)
            for name in ("pages", "bytes")
        }
        return done.aggregate(**figures)

    def artifact_name(self, job: Job) -> str:
        return super().artifact_name(job).replace(":", " -")

    def artifact_files(self, job: Job) -> Iterator[tuple[str, Iterable[bytes]]]:
        return packing.files_of(job)
