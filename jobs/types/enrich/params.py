"""Say what starts an enrichment: which job it follows, and which question is asked."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from batchops.ccb.asking import questions
from batchops.ccb.selects import NotAQuestion, Question
from batchops.inputs import OneOfField, StrictSerializer
from jobs import states
from jobs.models import Job, JobItem

VALUE_LENGTH = 254


class QuestionField(OneOfField):
    """One of the site's questions, by its name."""

    def __init__(self, **given: Any) -> None:
        super().__init__(_choices(), **given)


def _choices() -> list[tuple[str, str]]:
    try:
        return [(one.name, one.label) for one in questions().values()]
    except NotAQuestion:  # the system check says so, and nothing starts
        return []


class EnrichmentParams(StrictSerializer):
    parentId = serializers.RegexField(  # noqa: N815
        r"^[A-Za-z0-9]{16}\Z",
        label=_("Job"),
        help_text=_("Id of the completed job whose items are looked up."),
    )
    question = QuestionField(
        label=_("Question"),
        required=False,
        help_text=_("Without one, the first that fits the job's items."),
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Choose the question, and keep the names of its columns: files may change."""
        item = _first_item(attrs["parentId"])
        wanted = attrs.get("question")
        asked = questions()[wanted] if wanted else _fitting(item)
        return {**attrs, "question": asked.name, "columns": list(asked.columns)}


def _first_item(parent_id: str) -> JobItem:
    parent = Job.objects.filter(pk=parent_id, state__in=states.DONE).first()
    done = JobItem.objects.filter(job=parent_id, state=states.SUCCEEDED)
    item = done.order_by("position").first() if parent is not None else None
    if item is None:
        sentence = "Must be the id of a job that completed and has items that succeeded."
        raise serializers.ValidationError({"parentId": [sentence]})
    return item


def _fitting(item: JobItem) -> Question:
    for question in questions().values():
        if len(values_of(question, item)) == len(question.sources):
            return question
    wanted = "; ".join(
        f"{one.name}: {' or '.join(fields)}"
        for one in questions().values()
        for fields in one.sources.values()
    )
    sentence = f"No question fits its items, which need a field for it ({wanted})."
    raise serializers.ValidationError({"parentId": [sentence]})


def values_of(question: Question, item: JobItem) -> dict[str, str]:
    """Return the value of each bind that an item has one for, from its result or its params."""
    found, known = {}, fields_of(item)
    for bind, fields in question.sources.items():
        value = next(filter(None, (_text_of(known.get(field)) for field in fields)), "")
        if value:
            found[bind] = value
    return found


def fields_of(item: JobItem) -> dict[str, Any]:
    """Return what is known of an item, by name: its params, over them what its work found."""
    params, result = (one if isinstance(one, dict) else {} for one in (item.params, item.result))
    values = params.get("values")  # of a recipient of documents
    return {**params, **(values if isinstance(values, dict) else {}), **result}


def _text_of(value: Any) -> str:
    usable = isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))
    text = str(value).strip() if usable else ""
    return text if len(text) <= VALUE_LENGTH else ""
