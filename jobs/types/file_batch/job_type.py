"""Do file batches: each file is one item."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from jobs.errors import ItemRefused, UploadNotFound
from jobs.lifecycle import WorkItem
from jobs.models import Job
from jobs.reading import GivenFile, UnreadableFile
from jobs.registry import FilesTaken, JobType, Result, register
from jobs.types.file_batch import sources
from jobs.types.file_batch.checking import Found, check
from jobs.types.file_batch.schema import Params, Schema
from jobs.types.file_batch.summary import kinds_in_words, summarise


@register
class FileBatch(JobType):
    """Holds each file to `columns`; one in which more than `rejectedPercent` do not fit fails."""

    name = "file_batch"
    label = gettext_noop("File batch")
    about = (
        "Checks many files (CSV, Excel, JSON, or ZIPs of them) row by row against the columns you "
        "declare, and says of each file what is wrong where."
    )
    params = Params
    takes_files = FilesTaken(kinds=(*sources.KINDS, sources.ZIP), most=100)
    item_limit = timedelta(minutes=15)
    max_attempts = 3
    items_template = "jobs/file_batch/_files.html"
    summary_template = "jobs/file_batch/_summary.html"

    def check_file(self, params: dict[str, Any], file: GivenFile) -> None:
        # Of tables only the worker judges, so that a bad one fails by itself and not all.
        if file.kind == sources.ZIP:
            sources.list_archive(file)

    def items(self, job: Job, start: int) -> Iterator[dict[str, Any]]:
        return islice(sources.list_files(job), start, None)

    def run_item(self, job: Job, item: WorkItem) -> Result:
        schema = Schema.of(job.params)
        try:
            with sources.opened(job, item.params) as source:
                found = check(source, schema)
        except UnreadableFile as error:
            raise ItemRefused(error.sentence) from error
        except UploadNotFound as error:
            raise ItemRefused(error.message) from error
        result = found.as_result()
        if found.rejected * 100 > found.rows * job.params["rejectedPercent"]:
            raise ItemRefused(_why(found), found=result)
        return result

    def summarise(self, job: Job) -> dict[str, Any]:
        return summarise(job)

    def summary_shown(self, details: dict[str, Any]) -> dict[str, Any]:
        return {**details, "kinds": kinds_in_words(details.get("errorsByKind", {}))}


def _why(found: Found) -> str:
    first = found.first[0]
    return _(
        "%(rejected)s of %(rows)s rows are rejected. The first is row %(row)s, column %(column)s. "
        "Mend them and send the file anew."
    ) % {
        "rejected": f"{found.rejected:,}",
        "rows": f"{found.rows:,}",
        "row": f"{first['row']:,}",
        "column": first["column"],
    }
