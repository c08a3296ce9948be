"""Take in what programs and people ask of jobs, in the API's words."""

import base64
import binascii
import json
from datetime import datetime
from typing import Any

from rest_framework import serializers

from jobs import queries, states
from jobs.inputs import JsonObjectField, StrictSerializer

INLINE_ITEMS = 1_000
NAME = r"^[A-Za-z0-9._:-]*\Z"


# In an address: a job's id, or the id that another system gave it.
NAME_IN_PATH = r"[A-Za-z0-9._:-]{1,64}"
NAME_HELP = "Only letters, digits and . _ : - are allowed."


BAD_CURSOR = "Not a cursor of this list. Take it from nextCursor, or leave it out to begin anew."


class StartBody(StrictSerializer):
    """What starts a job."""

    type = serializers.CharField(max_length=40)
    title = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    campaignId = serializers.RegexField(  # noqa: N815
        NAME, max_length=64, required=False, allow_blank=True, allow_null=True, default="",
        error_messages={"invalid": NAME_HELP},
    )  # fmt: skip
    externalId = serializers.RegexField(  # noqa: N815
        NAME, max_length=64, required=False, allow_blank=True, allow_null=True, default="",
        error_messages={"invalid": NAME_HELP},
    )  # fmt: skip
    params = JsonObjectField(required=False, default=dict)
    items = serializers.ListField(
        child=JsonObjectField(), max_length=INLINE_ITEMS, required=False, allow_null=True
    )
    priority = serializers.IntegerField(min_value=-100, max_value=100, required=False, default=0)


class _CursorField(serializers.CharField):
    """An opaque place in a list, as an earlier answer gave it."""

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        try:
            return json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
        except (ValueError, binascii.Error, RecursionError):
            raise serializers.ValidationError(BAD_CURSOR) from None


class JobCursorField(_CursorField):
    def to_internal_value(self, data: Any) -> Any:
        match super().to_internal_value(data):
            case [str() as at, str() as job_id] if job_id.isalnum() and job_id.isascii():
                return _moment(at), job_id
        raise serializers.ValidationError(BAD_CURSOR)


class ItemCursorField(_CursorField):
    def to_internal_value(self, data: Any) -> Any:
        match super().to_internal_value(data):
            case [int() as position] if 0 <= position < 2**31:
                return position
        raise serializers.ValidationError(BAD_CURSOR)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise serializers.ValidationError(BAD_CURSOR) from None
    # PostgreSQL refuses offsets that Python takes, and naive times mean nothing.
    if moment.tzinfo is None or moment.utcoffset() or not 1970 <= moment.year < 9999:
        raise serializers.ValidationError(BAD_CURSOR)
    return moment


class ListQuery(StrictSerializer):
    """What narrows a list of jobs down."""

    status = serializers.ChoiceField(list(states.FILTERS), required=False, allow_blank=True)
    type = serializers.CharField(max_length=40, required=False, allow_blank=True)
    campaign = serializers.CharField(max_length=64, required=False, allow_blank=True)
    search = serializers.CharField(max_length=200, required=False, allow_blank=True)
    limit = serializers.IntegerField(min_value=1, max_value=500, default=100)
    stats = serializers.BooleanField(default=False)
    cursor = JobCursorField(max_length=200, required=False)

    def filter(self) -> queries.JobFilter:
        """Return what was asked for as a filter."""
        given = self.validated_data
        return queries.JobFilter(
            status=given.get("status", ""),
            type=given.get("type", ""),
            campaign_id=given.get("campaign", ""),
            search=given.get("search", ""),
        )


class ItemsQuery(StrictSerializer):
    """What narrows a list of items down."""

    status = serializers.ChoiceField(states.ITEM_STATES, required=False, allow_blank=True)
    limit = serializers.IntegerField(min_value=1, max_value=500, default=100)
    cursor = ItemCursorField(max_length=200, required=False)


class RetryQuery(StrictSerializer):
    """How far a retry goes."""

    dryRun = serializers.BooleanField(default=False)  # noqa: N815
    include = serializers.ChoiceField(["cancelled"], required=False)
