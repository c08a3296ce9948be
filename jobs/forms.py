"""Make the form that starts a job of a type out of what the type says about its params."""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.fields import empty

from batchops.inputs import unstorable_text
from batchops.models import User
from jobs.inputs import INLINE_ITEMS, NAME
from jobs.pasted import read_items
from jobs.reading import WORDS
from jobs.registry import FilesTaken, JobType
from jobs.row_inputs import RowsField, WordsField
from jobs.start import Order, problems_of

PARAM = "param-"
COMMON = ("title", "campaign", "priority")
ITEMS_TEXT = 1_000_000


def limits(low: Any, high: Any) -> list[Callable[[Any], None]]:
    """Return the validators that keep a number within limits and name both; None is none."""
    if low is not None and high is not None:
        said = _("Must be %(low)s to %(high)s.") % {"low": f"{low:,}", "high": f"{high:,}"}
    elif low is not None:
        said = _("Must be at least %(low)s.") % {"low": f"{low:,}"}
    else:
        said = _("Must be at most %(high)s.") % {"high": f"{high or 0:,}"}
    made = [MinValueValidator(low, said)] if low is not None else []
    return made + ([MaxValueValidator(high, said)] if high is not None else [])


class StartForm(forms.Form):
    """What every job is started with; `form_for` adds the params of its type."""

    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("What colleagues will look for; left empty, the type names it."),
    )
    campaign = forms.CharField(
        label=gettext_lazy("Campaign"),
        max_length=64,
        required=False,
        validators=[
            RegexValidator(
                NAME,
                gettext_lazy("Only letters, digits and . _ : - are allowed. Leave the rest out."),
            )
        ],
        help_text=gettext_lazy("Jobs that belong together share one."),
    )
    priority = forms.IntegerField(
        label=gettext_lazy("Priority"),
        initial=0,
        error_messages={
            "required": gettext_lazy("Give a whole number; 0 is usual."),
            "invalid": gettext_lazy("Must be a whole number, such as 0."),
        },
        validators=limits(-100, 100),
        widget=forms.NumberInput(attrs={"min": -100, "max": 100}),
        help_text=gettext_lazy("-100 to 100; workers choose higher ones first."),
    )
    # The same form sent twice makes one job.
    key = forms.RegexField(
        r"^[0-9a-f-]{36}\Z", widget=forms.HiddenInput, initial=lambda: str(uuid.uuid4())
    )
    job_type: JobType

    @property
    def type_fields(self) -> list[forms.BoundField]:
        """Return what the type asks for."""
        narrow = [field for field in self.visible_fields() if field not in self.wide_fields]
        return [field for field in narrow if field.name not in COMMON]

    @property
    def wide_fields(self) -> list[forms.BoundField]:
        """Return the tables that the type asks to be filled in."""
        return [field for field in self.visible_fields() if isinstance(field.field, RowsField)]

    @property
    def common_fields(self) -> list[forms.BoundField]:
        """Return what every job is started with."""
        return [field for field in self.visible_fields() if field.name in COMMON]

    def order(self, *, files: Sequence[str] = (), files_of: User | None = None) -> Order:
        """Return what the person asked for, with the ids of uploads of theirs."""
        given = self.cleaned_data
        return Order(
            type=self.job_type.name,
            title=given["title"],
            campaign_id=given["campaign"],
            priority=given["priority"],
            params=self._params(),
            items=given.get("items") or None,
            files=files,
            files_of=files_of,
        )

    @property
    def fields_in_error(self) -> list[forms.BoundField]:
        """Return what must be mended, as it stands on the page."""
        every = (*self.type_fields, *self.common_fields, *self.wide_fields)
        return [field for field in every if field.errors]

    def clean(self) -> dict[str, Any]:
        """Ask the type in the same pass, so that one sees at once all that must be mended."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        own = set(self.errors)
        asked = Order(
            type=self.job_type.name, params=self._params(), items=given.get("items") or None
        )
        found = problems_of(asked)
        self.take_errors({w: said for w, said in found.items() if _field_of(w, self) not in own})
        return self.cleaned_data

    def clean_items(self) -> list[dict[str, Any]]:
        """Read the pasted items; the type checks each when the job is started."""
        assert self.job_type.item_params is not None
        names = list(self.job_type.item_params().fields)
        return read_items(self.cleaned_data["items"], names, limit=INLINE_ITEMS)

    def start_anew(self) -> None:
        """Ask whether what was changed after the form had started its job is to be another one."""
        self.data = self.data.copy()  # type: ignore[attr-defined]
        self.data["key"] = self.fields["key"].initial()  # type: ignore[index]
        said = _(
            "This form started a job already, before you changed it. Send it again for one more."
        )
        self.add_error(None, said)

    def take_errors(self, errors: Mapping[str, Any]) -> None:
        """Show beside their fields what the type finds wrong (`params.ms`, `items[3].amount`)."""
        for where, sentences in errors.items():
            field = _field_of(where, self)
            for sentence in sentences if isinstance(sentences, list) else [sentences]:
                self.add_error(field, self._placed(field, where, sentence))

    def _placed(self, field: str | None, where: str, sentence: str) -> str:
        """Return a sentence with the place that its field does not show."""
        if field is None:
            return f"{where}: {sentence}"
        rows = self.fields[field]
        inner = where.partition(".")[2].removeprefix(field.removeprefix(PARAM))
        return rows.placed(inner, sentence) if isinstance(rows, RowsField) else sentence

    def _params(self) -> dict[str, Any]:
        given = {
            name.removeprefix(PARAM): value
            for name, value in self.cleaned_data.items()
            if name.startswith(PARAM)
        }
        return {name: value for name, value in given.items() if value is not None and value != ""}


def form_for(
    job_type: JobType,
    data: Mapping[str, Any] | None = None,
    files: Any = None,
    *,
    like: Mapping[str, Any] | None = None,
) -> StartForm:
    """Return the form that starts a job of a type, filled in with `data` if there is any.

    Without it the params of another job may stand there already: `like`.
    """
    form = StartForm(data, files)
    form.job_type = job_type
    if job_type.takes_files is not None:
        form.fields["files"] = _files_field(job_type.takes_files)
    for name, field in job_type.params().fields.items():
        form.fields[PARAM + name] = field_of(field)
        if like and name in like:
            form.fields[PARAM + name].initial = like[name]
    if job_type.item_params is not None:
        form.fields["items"] = _items_field(job_type.item_params())
    return form


def field_of(field: serializers.Field[Any, Any, Any, Any]) -> forms.Field:
    """Return the field of a form that asks for what a serializer's field takes."""
    shared: dict[str, Any] = {
        "label": field.label,
        "help_text": field.help_text or "",
        "required": field.required,
        "initial": None if field.default is empty else field.default,
    }
    for kind, make in MAKERS:
        if isinstance(field, kind):
            return make(field, shared)
    return JsonText(**shared)


def _number(field: Any, shared: dict[str, Any]) -> forms.Field:
    kind = forms.IntegerField if isinstance(field, serializers.IntegerField) else forms.FloatField
    low, high = field.min_value, field.max_value
    whole = kind is forms.IntegerField
    said = _("Must be a whole number.") if whole else _("Must be a number, such as 1.5.")
    ends = {"min": low, "max": high, "step": 1 if whole else "any"}
    return kind(
        **{**shared, "help_text": shared["help_text"] or _limits(low, high)},
        validators=limits(low, high) if low is not None or high is not None else [],
        error_messages={"invalid": said, "required": said},
        widget=forms.NumberInput({k: v for k, v in ends.items() if v is not None}),
    )


def _limits(low: Any, high: Any) -> str:
    if low is None or high is None:
        return ""
    return _("%(low)s to %(high)s") % {"low": f"{low:,}", "high": f"{high:,}"}


def _choice(field: Any, shared: dict[str, Any]) -> forms.Field:
    chosen = list(field.choices.items())
    return forms.ChoiceField(
        choices=chosen if field.required else [("", _("(not set)")), *chosen], **shared
    )


def _text(field: Any, shared: dict[str, Any]) -> forms.Field:
    long = (field.max_length or 0) > 300 or field.style.get("base_template") == "textarea.html"
    rows = field.style.get("rows", 4)
    widget = forms.Textarea(attrs={"rows": rows}) if long else forms.TextInput()
    return forms.CharField(max_length=field.max_length, widget=widget, **shared)


def _flag(_field: Any, shared: dict[str, Any]) -> forms.Field:
    return forms.BooleanField(**{**shared, "required": False})


def _day(_field: Any, shared: dict[str, Any]) -> forms.Field:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), **shared)


def _rows(field: Any, shared: dict[str, Any]) -> forms.Field:
    return RowsField({name: field_of(one) for name, one in field.child.fields.items()}, **shared)


def _words(field: Any, shared: dict[str, Any]) -> forms.Field:
    return WordsField(**shared)


MAKERS: list[tuple[Any, Callable[[Any, dict[str, Any]], forms.Field]]] = [
    (serializers.ListSerializer, _rows),
    (serializers.ListField, _words),
    (serializers.BooleanField, _flag),
    ((serializers.IntegerField, serializers.FloatField, serializers.DecimalField), _number),
    (serializers.ChoiceField, _choice),
    (serializers.DateField, _day),
    (serializers.CharField, _text),
]


class JsonText(forms.CharField):
    """Take a value that has no field of its own as JSON."""

    widget = forms.Textarea(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str | None) else json.dumps(value, ensure_ascii=False)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if text == "":
            return None
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise forms.ValidationError(
                _('Must be JSON, such as 5, "text", [1, 2] or {"name": "value"}.')
            ) from None


class _FilesInput(forms.FileInput):
    allow_multiple_selected = True


class _FilesField(forms.FileField):
    """Take several files, each as one field would."""

    def clean(self, value: Any, initial: Any = None) -> Any:
        return [super(_FilesField, self).clean(one, initial) for one in value or ()]


def _files_field(taken: FilesTaken) -> forms.Field:
    attrs = {} if taken.most > 1 else {"multiple": False}
    return _FilesField(
        label=_("Files") if taken.most > 1 else _("File"),
        required=False,
        max_length=255,
        widget=_FilesInput(attrs),
        help_text=_files_help(taken),
    )


def _files_help(taken: FilesTaken) -> str:
    if taken.most > 1:
        said = _("%(least)s to %(most)s files, each of at most %(each)s: %(kinds)s.")
    elif taken.least:
        said = _("One file of at most %(each)s: %(kinds)s.")
    else:
        said = _("One file of at most %(each)s, or none: %(kinds)s.")
    *first, last = (WORDS[kind] for kind in taken.kinds)
    kinds = _("%(first)s or %(last)s") % {"first": ", ".join(first), "last": last}
    each = filesizeformat(min(taken.bytes_each, settings.UPLOAD_MAX_BYTES))
    counts = {"least": taken.least, "most": taken.most}
    told = said % {**counts, "each": each, "kinds": kinds if first else last}
    return told + " " + _("Without JavaScript, at most 16 MB together.")


def _items_field(item: serializers.Serializer[Any]) -> forms.Field:
    return forms.CharField(
        label=_("Items, one by one"),
        required=False,
        strip=False,
        max_length=ITEMS_TEXT,
        validators=[_storable],
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=_items_help(list(item.fields)),
    )


def _items_help(names: Sequence[str]) -> str:
    limit = f"{INLINE_ITEMS:,}"
    if not names:
        return _(
            "A table with a first line of names and at most %(limit)s lines below it, divided by "
            "commas, semicolons or tabs, as spreadsheets copy it."
        ) % {"limit": limit}
    return _(
        "One item a line, at most %(limit)s: the value of %(first)s; or a table with a first "
        "line of names (%(names)s), divided by commas, semicolons or tabs, as spreadsheets "
        "copy it. Left empty, the type makes the items."
    ) % {"limit": limit, "first": names[0], "names": ", ".join(names)}


def _storable(text: str) -> None:
    problem = unstorable_text(text[:ITEMS_TEXT]) if "\x00" in text else ""
    if problem:
        raise forms.ValidationError(problem)


def _field_of(where: str, form: StartForm) -> str | None:
    root, _dot, rest = where.partition(".")
    name = PARAM + rest.partition("[")[0]
    if root == "params" and name in form.fields:
        return name
    for name in ("items", "files"):
        if root.startswith(name) and name in form.fields:
            return name
    return {"title": "title", "campaignId": "campaign", "priority": "priority"}.get(root)
