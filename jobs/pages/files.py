"""Show one file of a file batch: what was found in it, and where."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from batchops.access import AuthenticatedHttpRequest
from batchops.errors import NotFound
from batchops.pages import page, render_page
from jobs import queries
from jobs.models import Job
from jobs.pages.links import VIEW
from jobs.pages.one import ITEMS_DRAWN
from jobs.rows import ItemRow
from jobs.topics import job_facts
from jobs.types.file_batch import FileBatch
from jobs.types.file_batch.checking import ERRORS_KEPT, in_words
from jobs.types.file_batch.schema import Schema
from jobs.types.file_batch.summary import kinds_in_words


@page(VIEW)
def job_file(request: AuthenticatedHttpRequest, job_id: str, position: str) -> HttpResponse:
    shown = _file(queries.find_job(job_id), int(position))
    return render_page(request, "jobs/file_batch/file.html", {"title": shown["row"].label, **shown})


@page(VIEW)
def job_file_fragment(
    request: AuthenticatedHttpRequest, job_id: str, position: str
) -> HttpResponse:
    shown = _file(queries.find_job(job_id), int(position))
    return render_page(request, "jobs/file_batch/_file.html", shown)


def _file(job: Job, position: int) -> dict[str, Any]:
    facts = job_facts(job)  # before the item, so that no change is unseen
    item = queries.items_of(job.pk).filter(position=position).first()
    if job.type != FileBatch.name or item is None or item.params is None:
        raise NotFound(
            _("This job has no such file, or it is not kept any more. Choose one from its list.")
        )
    found = item.result or {}
    given = queries.uploads_of(job).filter(position=item.params["file"]).first()
    return {
        "job": job,
        "row": ItemRow.of(item),
        "given": given,
        "archive": given.name if given is not None and "entry" in item.params else "",
        "found": found,
        "kinds": kinds_in_words(found.get("kinds", {})),
        "errors": _errors(job, found.get("first", [])),
        "more_errors": max(0, found.get("errors", 0) - ERRORS_KEPT),
        "items_drawn": {name: facts.get(name) for name in ITEMS_DRAWN},
    }


def _errors(job: Job, first: list[dict[str, Any]]) -> list[dict[str, Any]]:
    schema = Schema.of(job.params)
    return [
        {**one, "said": in_words(schema, one["kind"], one["column"], one["value"])} for one in first
    ]
