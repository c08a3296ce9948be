"""Put the answers of CC&B beside the rows of the job that they are about."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import F, Func, IntegerField, Sum
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from batchops.ccb.asking import questions
from batchops.exports import Column, Export
from jobs import states
from jobs.errors import NoAnswers
from jobs.models import Job, JobItem
from jobs.types.enrich.enrichment import Enrichment
from jobs.types.enrich.params import fields_of

READ_AT_ONCE = 500
FIELDS_MOST = 50
FIELD_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Joined:
    """One row of the job that was looked up, with one of its answers, or none.

    `fields` are those of the row, `answer` the columns of the question; `why` says why there is
    no answer.
    """

    position: int
    label: str
    fields: Mapping[str, Any]
    answer: Mapping[str, str | None]
    why: str


def enrichment_of(job: Job) -> Job:
    """Return the job if it is an enrichment.

    :raises NoAnswers: when it is another job.
    """
    if job.type != Enrichment.name:
        raise NoAnswers(
            f"Job {job.pk} asks CC&B nothing, so there are no answers beside rows. Start 'Enrich "
            "All' on it, and look at that job."
        )
    return job


def question_label(job: Job) -> str:
    """Return what people call the question of an enrichment; its name, if it is gone."""
    name = str(job.params["question"])
    return questions()[name].label if name in questions() else name


def field_names(job: Job) -> list[str]:
    """Return what the rows of the job that was looked up are made of, by its first one."""
    first = JobItem.objects.filter(job=job.params["parentId"], state=states.SUCCEEDED)
    item = first.order_by("position").first()
    if item is None:
        return []
    plain = {name for name, value in fields_of(item).items() if not isinstance(value, dict | list)}
    return [name for name in fields_of(item) if name in plain - {"label"}][:FIELDS_MOST]


def joined(job: Job, items: Iterable[JobItem]) -> Iterator[Joined]:
    """Yield for each item of an enrichment its row with each of its answers, or with none."""
    left = iter(items)
    while batch := list(islice(left, READ_AT_ONCE)):
        rows = JobItem.objects.filter(
            job=job.params["parentId"], position__in=[_of(item)["of"] for item in batch]
        )
        of = {row.position: row for row in rows}
        for item in batch:
            yield from _joined(item, of.get(_of(item)["of"]))


def _of(item: JobItem) -> dict[str, Any]:
    params: dict[str, Any] = item.params or {}
    return params


def _joined(item: JobItem, row: JobItem | None) -> Iterator[Joined]:
    fields = {} if row is None else fields_of(row)
    answers = (item.result or {}).get("rows") or [{}]
    why = "" if answers[0] else _why(item)
    label = str(_of(item).get("label", ""))
    for answer in answers:
        yield Joined(_of(item)["of"], label, fields, answer, why)


def _why(item: JobItem) -> str:
    if item.state == states.SUCCEEDED:
        return _("CC&B knows nothing of it.")
    return item.error or _("Not asked yet.")


def joined_export(job: Job) -> Export:
    """Return the rows of a job with the answers of CC&B beside them, as an export."""
    found = job.items.order_by("position")
    return Export(
        f"batch-job-{job.pk}-enriched",
        _columns(job),
        rows=lambda: joined(job, found.iterator(chunk_size=READ_AT_ONCE)),
        longer_than=lambda rows: _count(job) > rows,
    )


def _count(job: Job) -> int:
    """Return how many rows `joined` yields of a job's items: one without an answer, too."""
    answers = Func(F("result__rows"), function="jsonb_array_length", output_field=IntegerField())
    counted = job.items.aggregate(n=Sum(Greatest(1, answers)))
    return counted["n"] or 0


def _columns(job: Job) -> list[Column]:
    asked, names = list(job.params["columns"]), field_names(job)
    return [
        Column(_("Position"), lambda row: row.position),
        Column(_("Label"), lambda row: row.label),
        *(Column(name, _field(name)) for name in names),
        *(Column(f"CC&B: {name}", _answer(name)) for name in asked),
        Column(_("No answer because"), lambda row: row.why),
    ]


def _field(name: str) -> Any:
    return lambda row: shown(row.fields.get(name))


def _answer(name: str) -> Any:
    return lambda row: row.answer.get(name)


def shown(value: Any) -> str:
    """Return a field of a row as people read it."""
    return "" if value is None else str(value)[:FIELD_LENGTH]
