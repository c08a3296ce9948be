"""Show the rows of a job with what CC&B answered about them."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from batchops.access import AuthenticatedHttpRequest
from batchops.errors import InvalidInput
from batchops.pages import page, render_page
from jobs import queries, registry
from jobs.bodies import cursor_of
from jobs.models import Job
from jobs.pages.links import link
from jobs.rows import JobRow
from jobs.serializers import ItemsQuery
from jobs.topics import job_facts
from jobs.types.enrich.joined import (
    enrichment_of,
    field_names,
    joined,
    question_label,
    shown,
)

ITEMS_LISTED = 50
DRAWN = ("status", "processedCount")


@page(registry.SEES_PERSONAL)
def enriched(request: AuthenticatedHttpRequest, job_id: str) -> HttpResponse:
    job = enrichment_of(queries.find_job(job_id))
    context = {"title": _("Rows with the answers of CC&B"), **_rows(request, job)}
    return render_page(request, "jobs/enriched.html", context)


@page(registry.SEES_PERSONAL)
def enriched_fragment(request: AuthenticatedHttpRequest, job_id: str) -> HttpResponse:
    job = enrichment_of(queries.find_job(job_id))
    return render_page(request, "jobs/_enriched.html", _rows(request, job))


def _rows(request: AuthenticatedHttpRequest, job: Job) -> dict[str, Any]:
    query = ItemsQuery(data=request.GET.dict())
    if not query.is_valid():
        raise InvalidInput(_("These rows cannot be narrowed down like that. Open the job anew."))
    after = query.validated_data.get("cursor")
    found = queries.page_of_items(job.pk, limit=ITEMS_LISTED, after=after)
    names, columns = field_names(job), job.params["columns"]
    return {
        "row": JobRow.of(job),
        "parent": queries.jobs().filter(pk=job.parent_id).first(),
        "drawn": {name: job_facts(job).get(name) for name in DRAWN},
        "query": request.GET.urlencode(),
        "question": question_label(job),
        "fields": names,
        "columns": columns,
        "rows": [
            {
                "position": one.position,
                "label": one.label,
                "fields": [(name, shown(one.fields.get(name))) for name in names],
                "answers": [(name, one.answer.get(name)) for name in columns],
                "why": one.why,
            }
            for one in joined(job, found.rows)
        ],
        "more": link(cursor=cursor_of(found.next_key) or ""),
        "has_more": found.next_key is not None,
        "is_first": after is None,
    }
