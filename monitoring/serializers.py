"""Check what people and programs ask for."""

from datetime import date, timedelta
from typing import Any

from rest_framework import serializers

from batchops.exports import FORMS
from batchops.inputs import OneOfField, StrictSerializer
from batchops.paging import Cursor
from monitoring.listing import RunFilter
from monitoring.states import WORDS, states_of_word

MOST_DAYS = 31
MOST_DAYS_OF_RUNS = 93
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)
LAST_RUN_NUMBER = 9_999_999_999  # CC&B's NUMBER(10)
FAILED_LATELY = "failed-24h"
STATUS_WORDS = (*dict.fromkeys(WORDS.values()), FAILED_LATELY)


def within_reach(day: date) -> None:
    """Refuse a day that no CC&B has, and whose neighbours a calendar may not even hold."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise serializers.ValidationError(f"Must be from {FIRST_DAY} to {LAST_DAY}.")


def day_field() -> serializers.DateField:
    return serializers.DateField(required=False, validators=[within_reach])


class Asked(StrictSerializer):
    """What an address asks for; an empty parameter says nothing."""

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value({name: said for name, said in data.items() if said != ""})


class TimelineAsked(Asked):
    """Which business days a timeline is asked for: one, or from one to another."""

    def get_fields(self) -> dict[str, Any]:
        # `from` is a word of Python's, so it cannot be an attribute.
        return {name: day_field() for name in ("date", "from", "to")}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        first, last = attrs.get("from"), attrs.get("to")
        if (first is None) != (last is None):
            raise serializers.ValidationError({"to": ["Give both from and to, or neither."]})
        if first and "date" in attrs:
            raise serializers.ValidationError({"date": ["Give date, or from and to; not both."]})
        if first and last and not first <= last < first + timedelta(days=MOST_DAYS):
            raise serializers.ValidationError(
                {"to": [f"Must not be before from, and at most {MOST_DAYS} days may be asked for."]}
            )
        return attrs

    def days(self) -> list[date | None]:
        given = self.validated_data
        if "from" not in given:
            return [given.get("date")]
        span = (given["to"] - given["from"]).days
        return [given["from"] + timedelta(days=n) for n in range(span + 1)]


class ForecastAsked(Asked):
    """Of which business day forecasts are asked for, and what if a step went otherwise."""

    date = day_field()
    step = serializers.CharField(required=False, max_length=40)
    late = serializers.IntegerField(required=False, min_value=0, max_value=1440)
    times = serializers.FloatField(required=False, min_value=0.1, max_value=10)


class AccuracyAsked(Asked):
    """Over how many of the last business days accuracy is asked for; all without."""

    days = serializers.IntegerField(required=False, min_value=1, max_value=3650)


class RangeAsked(Asked):
    """From which business day to which, both included."""

    startDate = day_field()  # noqa: N815
    endDate = day_field()  # noqa: N815

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "startDate" in attrs and attrs.get("endDate", attrs["startDate"]) < attrs["startDate"]:
            raise serializers.ValidationError(
                {"endDate": ["Must not be before startDate. Swap the two."]}
            )
        return attrs


class RunsAsked(RangeAsked):
    """Which runs a list is asked for; each field narrows it, and `search` is a run's number.

    `status` takes a word of the API, a code of CC&B or of older systems, or failed-24h: what
    failed within 24 hours, repaired or not.
    """

    batchCode = serializers.CharField(required=False, max_length=40)  # noqa: N815
    status = serializers.CharField(required=False, max_length=20)
    search = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=LAST_RUN_NUMBER,
        error_messages={"invalid": "Must be the number of a run, in digits."},
    )

    def validate_status(self, word: str) -> str:
        if word != FAILED_LATELY and not states_of_word(word):
            raise serializers.ValidationError(
                f"'{word}' is no status. Use one of {', '.join(STATUS_WORDS)}, or a code such as "
                "30 or ER."
            )
        return word

    def wanted(self) -> RunFilter:
        """Return what was asked for as a filter."""
        given = self.validated_data
        status = given.get("status", "")
        return RunFilter(
            batch_code=given.get("batchCode", ""),
            states=states_of_word(status),
            failed_lately=status == FAILED_LATELY,
            first_day=given.get("startDate"),
            last_day=given.get("endDate"),
            number=given.get("search"),
        )


class PageAsked(Asked):
    """Where a page begins: the place that the page before gave, or else the first."""

    cursor = serializers.CharField(required=False, max_length=200)

    def after(self) -> Cursor | None:
        """Return the place where the page begins, None for the first.

        :raises InvalidInput: when it is none that we gave.
        """
        given = self.validated_data
        return Cursor.parse(given["cursor"]) if "cursor" in given else None


class RunsPageAsked(RunsAsked, PageAsked):
    """Which runs a page lists, and from where on."""


class LogsAsked(RunsPageAsked):
    """Which runs a log is asked for, and which page of it."""

    limit = serializers.IntegerField(required=False, min_value=1, max_value=500, default=100)


class ExportAsked(RunsAsked):
    """Which runs are asked for as a file, and as what."""

    format = OneOfField(FORMS, default="csv")


class DaysAsked(Asked):
    """Which business day a page shows (today, if it is not said), and which one beside it.

    `only` is for a fragment of a page with two days: which of them it draws.
    """

    only = OneOfField(["first", "beside"], required=False)

    def get_fields(self) -> dict[str, Any]:
        # A field `date` would hide the type of that name.
        return {**super().get_fields(), **{name: day_field() for name in ("date", "beside")}}

    def days(self) -> list[date | None]:
        given = self.validated_data
        beside = given.get("beside")
        return [given.get("date"), *([beside] if beside else [])]


class StepAsked(Asked):
    """Over how many days the history of a step is asked for, and which page of its table."""

    days = serializers.IntegerField(required=False, min_value=1, max_value=400, default=90)
    page = serializers.IntegerField(required=False, min_value=1, max_value=400, default=1)


class GridAsked(Asked):
    """Up to which business day the runs grid is asked for; up to today, if it is not said."""

    until = day_field()


class CompareAsked(Asked):
    """Which two business days are compared."""

    a = day_field()
    b = day_field()


class HealthAsked(Asked):
    """Over how many days the health of batches is asked for."""

    days = serializers.IntegerField(required=False, min_value=1, max_value=366, default=7)


class PerformanceAsked(RangeAsked, PageAsked):
    """Of which business days the runs' pace is asked for; the last seven, if it is not said."""

    limit = serializers.IntegerField(required=False, min_value=1, max_value=5000, default=5000)

    def span(self, today: date) -> tuple[date, date]:
        """Return the first and the last day; one that is missing makes seven with the other.

        :raises ValidationError: when there are more of them than one answer holds.
        """
        first, last = self.validated_data.get("startDate"), self.validated_data.get("endDate")
        week = timedelta(days=6)
        last = last or (min(first + week, max(today, first)) if first else today)
        first = first or last - week
        if (last - first).days >= MOST_DAYS_OF_RUNS:
            raise serializers.ValidationError(
                {"endDate": [f"At most {MOST_DAYS_OF_RUNS} days may be asked for. Ask in parts."]}
            )
        return first, last
