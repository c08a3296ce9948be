"""The job type: one question to CC&B for each item that succeeded in another job."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_noop

from batchops.ccb.asking import ask, questions
from batchops.ccb.errors import CcbError, CcbLoginRefused, CcbNotConfigured
from jobs import lifecycle, states
from jobs.errors import ItemFailed, ItemRefused, MoveRefused
from jobs.lifecycle import WorkItem
from jobs.models import Job, JobItem
from jobs.registry import JobType, Result, register
from jobs.types.enrich.params import EnrichmentParams, values_of

READ_AT_ONCE = 1_000


@register
class Enrichment(JobType):
    """Asks CC&B in chunks, one reading for all items of a chunk, by one worker at a time."""

    name = "enrich"
    label = gettext_noop("Enrichment")
    about = (
        "Looks up in CC&B what it knows about each item that succeeded in a finished job. Its "
        "answers can be seen and downloaded beside that job's rows."
    )
    params = EnrichmentParams
    personal = True
    results_page = "enriched"
    # One session at CC&B is enough, and a refused login is not tried by several.
    max_workers = 1
    chunk_items = 200
    max_attempts = 3

    def title(self, params: dict[str, Any]) -> str:
        return f"{self.label}: {params['question']}"

    def items(self, job: Job, start: int) -> Iterator[dict[str, Any]]:
        question = questions()[job.params["question"]]
        done = JobItem.objects.filter(job=job.params["parentId"], state=states.SUCCEEDED)
        for item in done.order_by("position")[start:].iterator(chunk_size=READ_AT_ONCE):
            label = (item.params or {}).get("label")
            named = {"label": label} if isinstance(label, str) else {}
            yield {"of": item.position, "binds": values_of(question, item), **named}

    def run_chunk(self, job: Job, items: Sequence[WorkItem]) -> Sequence[Result | Exception]:
        name = job.params["question"]
        wanted = questions()[name].sources
        asked = [item for item in items if len(item.params["binds"]) == len(wanted)]
        try:
            answers = ask(name, [item.params["binds"] for item in asked])
        except (CcbLoginRefused, CcbNotConfigured) as error:
            _give_up(job, error)
            raise ItemRefused(error.message) from error
        known = {item.id: one for item, one in zip(asked, answers, strict=True)}
        return [_result(known.get(item.id), wanted) for item in items]

    def backoff(self, attempt: int) -> timedelta:
        """Wait minutes: CC&B is down, or busy with its night."""
        return timedelta(minutes=2**attempt)

    def summarise(self, job: Job) -> dict[str, Any]:
        done = job.items.filter(state=states.SUCCEEDED)
        known = done.filter(result__found__gt=0).count()
        return {
            "question": job.params["question"],
            "known": known,
            "unknown": job.succeeded - known,
        }


def _give_up(job: Job, error: CcbError) -> None:
    """End the job: another try could lock the account, or would find nothing configured either."""
    with suppress(MoveRefused):  # it has ended meanwhile
        lifecycle.give_up(job.pk, error=error.message, actor="system:worker")


def _result(
    answer: list[dict[str, str | None]] | CcbError | None, wanted: dict[str, tuple[str, ...]]
) -> Result | Exception:
    if answer is None:
        fields = "; ".join(" or ".join(fields) for fields in wanted.values())
        return ItemRefused(f"The item has no value to ask for. It needs {fields}.")
    if isinstance(answer, CcbError):
        return ItemFailed(answer.message)
    return {"found": len(answer), "rows": answer}
