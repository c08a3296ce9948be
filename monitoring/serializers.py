"""Check what programs ask for."""

from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from monitoring.models import Run
from monitoring.states import WORDS, RunState, states_of_word

MOST_DAYS = 31
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)


def within_reach(day: date) -> None:
    """Refuse a day that no CC&B has, and whose neighbours a calendar may not even hold."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise serializers.ValidationError(f"Must be from {FIRST_DAY} to {LAST_DAY}.")


class TimelineAsked(serializers.Serializer[None]):
    """Which business days a timeline is asked for: one, or from one to another."""

    def get_fields(self) -> dict[str, Any]:
        # `from` is a word of Python's, so it cannot be an attribute.
        return {
            name: serializers.DateField(required=False, validators=[within_reach])
            for name in ("date", "from", "to")
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        first, last = attrs.get("from"), attrs.get("to")
        if (first is None) != (last is None):
            raise serializers.ValidationError({"to": ["Give both from and to, or neither."]})
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


class LogsAsked(serializers.Serializer[None]):
    """Which runs a log is asked for; each field narrows it."""

    batchCode = serializers.CharField(required=False, max_length=40)  # noqa: N815
    status = serializers.CharField(required=False, max_length=20)
    startDate = serializers.DateField(required=False)  # noqa: N815
    endDate = serializers.DateField(required=False)  # noqa: N815
    limit = serializers.IntegerField(required=False, min_value=1, max_value=500, default=100)
    cursor = serializers.CharField(required=False, max_length=200)

    def validate_status(self, word: str) -> list[RunState]:
        states = list(states_of_word(word))
        if not states:
            words = ", ".join(sorted(set(WORDS.values())))
            raise serializers.ValidationError(f"'{word}' is none of {words}.")
        return states

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "startDate" in attrs and attrs.get("endDate", attrs["startDate"]) < attrs["startDate"]:
            raise serializers.ValidationError({"endDate": ["Must not be before startDate."]})
        return attrs

    def runs(self) -> QuerySet[Run]:
        lookups = {
            "batchCode": "batch_code",
            "status": "state__in",
            "startDate": "business_date__gte",
            "endDate": "business_date__lte",
        }
        given = self.validated_data
        return Run.objects.filter(**{lookups[k]: v for k, v in given.items() if k in lookups})
