"""Check what programs ask of alerts, in the API's words."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from alerts.listing import ACTIVE_WORD, AlertFilter
from alerts.states import RULES, Severity, State
from batchops.inputs import StrictSerializer

LONGEST_NOTE = 2000
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)


class Acknowledgement(StrictSerializer):
    """A note, and until when the alert may rest; what is left out stays as it is."""

    note = serializers.CharField(
        max_length=LONGEST_NOTE, required=False, allow_blank=True, default=""
    )
    until = serializers.DateTimeField(required=False, allow_null=True)


class Comment(StrictSerializer):
    """What somebody knows about the alert."""

    note = serializers.CharField(max_length=LONGEST_NOTE)


class AlertsAsked(StrictSerializer):
    """Which alerts a list is asked for; each field narrows it.

    `from` and `to` are days of the site on which alerts opened, both included.
    """

    severity = serializers.ChoiceField(list(Severity), required=False)
    state = serializers.ChoiceField([*State, ACTIVE_WORD], required=False)
    type = serializers.ChoiceField(list(RULES), required=False)
    batchCode = serializers.CharField(required=False, max_length=40)  # noqa: N815
    search = serializers.CharField(required=False, max_length=200)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=500, default=100)
    cursor = serializers.CharField(required=False, max_length=200)

    def get_fields(self) -> dict[str, Any]:
        # `from` is a word of Python's, so it cannot be an attribute.
        days = {
            name: serializers.DateField(required=False, validators=[_within_reach])
            for name in ("from", "to")
        }
        return {**super().get_fields(), **days}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "from" in attrs and attrs.get("to", attrs["from"]) < attrs["from"]:
            raise serializers.ValidationError({"to": ["Must not be before from."]})
        return attrs

    def wanted(self) -> AlertFilter:
        """Return what was asked for as a filter."""
        given = self.validated_data
        return AlertFilter(
            state=given.get("state", ""),
            severity=given.get("severity", ""),
            rule=given.get("type", ""),
            batch_code=given.get("batchCode", ""),
            search=given.get("search", ""),
            opened_from=_begin(given.get("from")),
            opened_before=_begin(given.get("to"), days_on=1),
        )


def _within_reach(day: date) -> None:
    """Refuse a day that no alert has, and whose neighbours a calendar may not even hold."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise serializers.ValidationError(f"Must be from {FIRST_DAY} to {LAST_DAY}.")


def _begin(day: date | None, days_on: int = 0) -> datetime | None:
    if day is None:
        return None
    first = day + timedelta(days=days_on)
    return datetime.combine(first, time(), tzinfo=timezone.get_current_timezone())
