"""Take in the columns that a job declares, and refuse those that nobody could mean."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from batchops.inputs import OneOfField, StrictSerializer
from jobs.types.file_batch.checks import (
    CHOICE,
    DATE,
    DATETIME,
    DECIMAL,
    INTEGER,
    TEXT,
    TYPES,
    Check,
    Column,
    check_of,
    read,
)
from jobs.types.file_batch.patterns import LENGTH, UnsafePattern, compiled

COLUMNS = 200
ALLOWED = 500
# What was seen of such a column is kept in memory while its file is read.
UNIQUE_COLUMNS = 2
LABELS = {
    TEXT: _("Text"),
    INTEGER: _("Whole number"),
    DECIMAL: _("Number"),
    DATE: _("Date"),
    DATETIME: _("Date and time"),
    "boolean": _("True or false"),
    CHOICE: _("One of some values"),
}
BOUNDS = {
    TEXT: "Must be a number of characters, such as 10.",
    INTEGER: "Must be a whole number, such as 0.",
    DECIMAL: "Must be a number, such as 0.5.",
    DATE: "Must be a date, such as 2026-11-22.",
    DATETIME: "Must be a time, such as 2026-11-22 14:05.",
}


class ColumnParams(StrictSerializer):
    name = serializers.CharField(label=_("Column"), max_length=100)
    type = OneOfField([(one, LABELS[one]) for one in TYPES], label=_("Type"), default=TEXT)
    required = serializers.BooleanField(  # type: ignore[assignment]
        label=_("Needed"), default=False
    )
    unique = serializers.BooleanField(label=_("Unique"), default=False)
    min = serializers.CharField(label=_("Least"), max_length=40, required=False)
    max = serializers.CharField(label=_("Most"), max_length=40, required=False)
    pattern = serializers.CharField(
        label=_("Pattern"), max_length=LENGTH, required=False, trim_whitespace=False
    )
    allowed = serializers.ListField(
        label=_("Allowed values"), child=serializers.CharField(max_length=100),
        max_length=ALLOWED, required=False,
    )  # fmt: skip

    def validate_pattern(self, value: str) -> str:
        try:
            compiled(value)
        except UnsafePattern as error:
            raise serializers.ValidationError(str(error)) from None
        return value

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        problems = {
            "pattern": "Only text has a pattern." if _strays(given, "pattern", TEXT) else "",
            "allowed": _problem_of_allowed(given),
            **{end: _problem_of_bound(given, end) for end in ("min", "max")},
        }
        if not any(problems.values()) and _is_turned_round(given):
            problems["max"] = "Must not be less than the least."
        wrong = {name: [said] for name, said in problems.items() if said}
        if wrong:
            raise serializers.ValidationError(wrong)
        return given


class Params(StrictSerializer):
    columns = ColumnParams(  # type: ignore[call-arg]
        label=_("Columns"), many=True, allow_empty=False, max_length=COLUMNS,
        help_text=_(
            "Every cell of a file is held to these. Least and most are lengths of text, else "
            "values. Dates are written 2026-11-22, numbers 12.50. A pattern such as [A-Z]{2}[0-9]+ "
            "must fit the whole cell. Allowed values are divided by commas."
        ),
    )  # fmt: skip
    otherColumns = serializers.BooleanField(  # noqa: N815
        label=_("Files may have other columns, which are not checked"), default=False
    )
    rejectedPercent = serializers.IntegerField(  # noqa: N815
        label=_("Rows of a file that may be rejected, in percent"), min_value=0, max_value=100,
        default=0, help_text=_("A file with more fails; its good rows are counted all the same."),
    )  # fmt: skip

    def validate_columns(self, columns: list[dict[str, Any]]) -> list[dict[str, Any]]:
        names = [column["name"] for column in columns]
        twice = [{"name": ["Given twice. Name each column once."]} if name in names[:at] else {}
                 for at, name in enumerate(names)]  # fmt: skip
        if any(twice):
            raise serializers.ValidationError(twice)
        if sum(column["unique"] for column in columns) > UNIQUE_COLUMNS:
            raise serializers.ValidationError(
                f"At most {UNIQUE_COLUMNS} columns may be unique. Choose those that matter most."
            )
        return columns


@dataclass(frozen=True)
class Schema:
    """The columns that a job declares."""

    columns: tuple[Column, ...]
    takes_others: bool

    @classmethod
    def of(cls, params: dict[str, Any]) -> "Schema":
        """Return the schema in a job's params."""
        return cls(tuple(map(Column.of, params["columns"])), params["otherColumns"])

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """What judges the cells, in the order of the columns."""
        return tuple(map(check_of, self.columns))

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def _strays(given: dict[str, Any], field: str, *types: str) -> bool:
    return bool(given.get(field)) and given["type"] not in types


def _problem_of_allowed(given: dict[str, Any]) -> str:
    if _strays(given, "allowed", CHOICE):
        return f"Only a column of type {CHOICE} has allowed values."
    if given["type"] == CHOICE and not given.get("allowed"):
        return "Say which values are allowed."
    return ""


def _problem_of_bound(given: dict[str, Any], end: str) -> str:
    if _strays(given, end, *BOUNDS):
        return f"A column of type {given['type']} has no {end}. Leave it out."
    if not given.get(end) or (value := _bound(given, end)) is not None:
        is_negative = given.get(end) and given["type"] == TEXT and value < 0
        return BOUNDS[TEXT] if is_negative else ""
    return BOUNDS[given["type"]]


def _bound(given: dict[str, Any], end: str) -> Any:
    """Return a bound as a value; None when it is none of the column's type."""
    bounded_by = INTEGER if given["type"] == TEXT else given["type"]
    try:
        return read(bounded_by, given[end])
    except (ValueError, OverflowError):
        return None


def _is_turned_round(given: dict[str, Any]) -> bool:
    if not (given.get("min") and given.get("max")):
        return False
    return bool(_bound(given, "min") > _bound(given, "max"))
