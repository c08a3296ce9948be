"""Accept what people and programs send: strictly, and with every limit named."""

import math
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


def _on_this_clock() -> str:
    zone = str(timezone.get_current_timezone())
    if zone == settings.SITE_TIME_ZONE:
        return gettext("On the site's clock.")
    return gettext("On the clock of %(zone)s.") % {"zone": zone}


# What stands beside a field for a moment: pages are drawn, and read, on the clock a person chose.
ON_THIS_CLOCK = lazy(_on_this_clock, str)()
JSON_DEPTH = 20
JSON_VALUES = 100_000
JSON_TEXT = 100_000
JSON_INTEGER = 2**63


class OneOfField(serializers.ChoiceField):
    """One of some words; what is none of them is refused with their list."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices, **kwargs)
        listed = ", ".join(str(one) for one in self.choices)
        self.error_messages["invalid_choice"] = f"None of the words it may be: {listed}."


class DayField(serializers.DateField):
    """A day of the site's calendar as 2026-01-31; empty means none."""

    default_error_messages = {"invalid": "Must be a day such as 2026-01-31."}

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return None if data == "" else super().run_validation(data)

    def to_internal_value(self, value: Any) -> date:
        day: date = super().to_internal_value(value)
        if not 1970 <= day.year < 9999:
            raise serializers.ValidationError(self.error_messages["invalid"])
        return day


class StrictSerializer(serializers.Serializer[Any]):
    """Refuse fields that nobody declared, by name, instead of dropping them silently."""

    def to_internal_value(self, data: Any) -> Any:
        given = data if isinstance(data, Mapping) else {}
        unknown = sorted(str(name)[:50] for name in given if name not in self.fields)
        if unknown:
            allowed = ", ".join(self.fields) or "none"
            sentence = f"Unknown field. Allowed are: {allowed}."
            raise serializers.ValidationError({name: [sentence] for name in unknown[:20]})
        return super().to_internal_value(data)


@extend_schema_field({"type": "object", "additionalProperties": {}})
class JsonObjectField(serializers.Field[Any, Any, Any, Any]):
    """Take a JSON object that PostgreSQL can store: no NUL, no lone surrogate, nothing huge."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError("Must be a JSON object, such as {}.")
        problem = unstorable(data)
        if problem:
            raise serializers.ValidationError(problem)
        return data

    def to_representation(self, value: Any) -> Any:
        return value


def unstorable(value: Any) -> str:
    """Return why a JSON value cannot be stored, in one sentence; empty when it can."""
    for count, (one, depth) in enumerate(_walk(value)):
        if depth > JSON_DEPTH:
            return f"Nested too deep; the limit is {JSON_DEPTH} levels."
        if count >= JSON_VALUES:
            return f"Too many values; the limit is {JSON_VALUES:,}."
        problem = _unstorable_scalar(one)
        if problem:
            return problem
    return ""


def _walk(value: Any) -> Iterator[tuple[Any, int]]:
    stack = [(value, 0)]
    while stack:
        one, depth = stack.pop()
        yield one, depth
        if depth > JSON_DEPTH:
            continue
        if isinstance(one, dict):
            stack.extend((key, depth + 1) for key in one)
            stack.extend((inner, depth + 1) for inner in one.values())
        elif isinstance(one, list | tuple):
            stack.extend((inner, depth + 1) for inner in one)


def _unstorable_scalar(value: Any) -> str:
    problem = ""
    if isinstance(value, str):
        problem = unstorable_text(value)
    elif isinstance(value, float) and not math.isfinite(value):
        problem = "Numbers must be finite."
    elif isinstance(value, int) and abs(value) >= JSON_INTEGER:
        problem = "Whole numbers must fit in 64 bits."
    return problem


def unstorable_text(text: str) -> str:
    """Return why PostgreSQL cannot store a text, in one sentence; empty when it can."""
    problem = ""
    if len(text) > JSON_TEXT:
        problem = f"Text too long; the limit is {JSON_TEXT:,} characters."
    elif "\x00" in text:
        problem = "The NUL character is not allowed in text."
    elif any("\ud800" <= character <= "\udfff" for character in text):
        problem = "Text must be valid Unicode; it holds half a surrogate pair."
    return problem
