"""Ask for moments, days and hours with the browser's own inputs: one field with one label."""

from typing import Any

from django import forms
from django.db import models


class MomentInput(forms.DateTimeInput):
    """A moment to the minute, on the clock that is shown."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


class DayInput(forms.DateInput):
    """A date."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class HourInput(forms.TimeInput):
    """A time of day to the minute."""

    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%H:%M")


# For an admin. Django's own are two fields for a moment, of which neither has a label.
NATIVE_INPUTS: dict[type[models.Field[Any, Any]], dict[str, Any]] = {
    models.DateTimeField: {"form_class": forms.DateTimeField, "widget": MomentInput},
    models.DateField: {"widget": DayInput},
    models.TimeField: {"widget": HourInput},
}
