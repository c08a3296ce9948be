"""Let people fill in a list of objects as the rows of a table, one field for each value."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

BLANK_ROWS = 3
# What scripts put the number of a new row in the place of.
NUMBER = "__n__"
Row = dict[str, Any]


class WordsField(forms.CharField):
    """Take several values, divided by commas."""

    def to_python(self, value: Any) -> Any:
        """Return the values as a list; nothing of nothing."""
        return [word for one in str(value or "").split(",") if (word := one.strip())]

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value


class RowsInput(forms.Widget):
    """Draw a row of inputs for each object, and some blank rows; blank ones are no objects."""

    def __init__(self, fields: Mapping[str, forms.Field]) -> None:
        super().__init__()
        self._fields = fields

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Row]:
        sent = re.compile(rf"{re.escape(name)}-([0-9]{{1,6}})-")
        numbers = {int(found[1]) for key in data if (found := sent.match(key))}
        rows = [self._row(data, files, f"{name}-{number}") for number in sorted(numbers)]
        return [row for row in rows if not self._is_blank(row)]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        given: Sequence[Row] = value or []
        shown = [*given, *[{}] * BLANK_ROWS]
        context = {
            "id": (attrs or {}).get("id", ""),
            "labels": [field.label for field in self._fields.values()],
            "rows": [self._cells(f"{name}-{at}", row) for at, row in enumerate(shown)],
            "blank": self._cells(f"{name}-{NUMBER}", {}),
        }
        return render_to_string("jobs/_row_inputs.html", context)

    def _row(self, data: Any, files: Any, prefix: str) -> Row:
        found = {}
        for name, field in self._fields.items():
            raw = field.widget.value_from_datadict(data, files, f"{prefix}-{name}")
            value = field.to_python(raw.strip() if isinstance(raw, str) else raw)
            if value not in (None, "", []):
                found[name] = value
        return found

    def _is_blank(self, row: Row) -> bool:
        return all(value in (False, self._fields[name].initial) for name, value in row.items())

    def _cells(self, prefix: str, row: Row) -> list[dict[str, Any]]:
        return [
            {
                "label": field.label,
                "input": field.widget.render(
                    f"{prefix}-{name}",
                    field.prepare_value(row.get(name, field.initial)),
                    {"aria-label": field.label, **field.widget_attrs(field.widget)},
                ),
            }
            for name, field in self._fields.items()
        ]


class RowsField(forms.Field):
    """Take a list of objects; what is wrong inside them the type's serializer says."""

    def __init__(self, fields: Mapping[str, forms.Field], **shared: Any) -> None:
        super().__init__(**{**shared, "required": False}, widget=RowsInput(fields))
        self._labels = {name: field.label for name, field in fields.items()}

    def placed(self, place: str, sentence: str) -> str:
        """Return a sentence with the row and the field that it is about: `[2].name`, or ``."""
        found = re.fullmatch(r"\[([0-9]+)\](?:\.(\w+).*)?", place)
        if found is None:
            return sentence
        label = self._labels.get(found[2] or "", found[2] or "")
        row = _("Row %(n)s") % {"n": int(found[1]) + 1}
        return f"{row}, {label}: {sentence}" if label else f"{row}: {sentence}"
