"""Take in what programs and people ask of jobs, in the API's words."""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from rest_framework import serializers

from batchops.exports import FORMS
from batchops.inputs import DayField, JsonObjectField, OneOfField, StrictSerializer
from jobs import queries, states
from jobs.bulk import IDS_MAX
from jobs.inputs import INLINE_ITEMS, NAME, NAME_HELP

ERROR_MAX = 2_000
CURSOR_LENGTH = 200
FILES_MAX = 100
# Words that stand in addresses where a job's name may.
RESERVED = ("bulk", "export", "statistics")


# In an address: a job's id, or the id that another system gave it.
NAME_IN_PATH = r"[A-Za-z0-9._:-]{1,64}"


BAD_CURSOR = "Not a cursor of this list. Take it from nextCursor, or leave it out to begin anew."


ONE_OF = "Give either ids or a filter, not both and not neither."


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
    files = serializers.ListField(
        child=serializers.CharField(max_length=64), max_length=FILES_MAX, required=False,
        default=list, help_text="Ids of uploads, for types that take files.",
    )  # fmt: skip
    priority = serializers.IntegerField(min_value=-100, max_value=100, required=False, default=0)

    def validate_externalId(self, value: str | None) -> str | None:  # noqa: N802
        if value in RESERVED:
            raise serializers.ValidationError("The API has an address of that name. Use another.")
        return value


class UploadBody(StrictSerializer):
    """A file that is about to come in parts."""

    name = serializers.CharField(max_length=255, trim_whitespace=False)
    sizeBytes = serializers.IntegerField(min_value=0, max_value=2**63 - 1)  # noqa: N815
    sha256 = serializers.RegexField(
        r"^[0-9A-Fa-f]{64}\Z", required=False, default="",
        error_messages={"invalid": "Must be 64 hexadecimal digits, or be left out."},
    )  # fmt: skip


class _CursorField(serializers.CharField):
    """An opaque place in a list, as an earlier answer gave it."""

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        if len(text) > CURSOR_LENGTH:
            raise serializers.ValidationError(BAD_CURSOR)
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
            case [int() as position] if type(position) is int and 0 <= position < 2**31:
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


def _start_of(day: date | None, *, days_later: int = 0) -> datetime | None:
    """Return when a day begins on the site's clock; None of None."""
    if day is None:
        return None
    begin = datetime.combine(day + timedelta(days=days_later), time.min)
    return begin.replace(tzinfo=settings.SITE_ZONE)


class FilterFields(StrictSerializer):
    """What jobs may be narrowed down by, in a list and for what is done to all that match."""

    status = OneOfField(list(states.FILTERS), required=False, allow_blank=True)
    type = serializers.CharField(max_length=40, required=False, allow_blank=True)
    campaign = serializers.CharField(max_length=64, required=False, allow_blank=True)
    search = serializers.CharField(max_length=200, required=False, allow_blank=True)
    createdBy = serializers.CharField(max_length=255, required=False, allow_blank=True)  # noqa: N815
    createdFrom = DayField(required=False)  # noqa: N815
    createdTo = DayField(required=False)  # noqa: N815

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        first, last = given.get("createdFrom"), given.get("createdTo")
        if first and last and last < first:
            raise serializers.ValidationError(
                {"createdTo": ["Must not be before createdFrom. Swap the two."]}
            )
        return given

    def filter(self) -> queries.JobFilter:
        """Return what was asked for as a filter."""
        return self.filter_of(self.validated_data)

    @staticmethod
    def filter_of(given: Mapping[str, Any]) -> queries.JobFilter:
        """Return what was asked for, validated already, as a filter."""
        return queries.JobFilter(
            status=given.get("status", ""),
            type=given.get("type", ""),
            campaign_id=given.get("campaign", ""),
            search=given.get("search", ""),
            created_by=given.get("createdBy", ""),
            created_from=_start_of(given.get("createdFrom")),
            created_before=_start_of(given.get("createdTo"), days_later=1),
        )


class ListQuery(FilterFields):
    """What narrows a list of jobs down, and which page of it."""

    limit = serializers.IntegerField(min_value=1, max_value=500, default=100)
    stats = serializers.BooleanField(default=False)
    cursor = JobCursorField(required=False)


class ItemsFilterFields(StrictSerializer):
    """What a job's items may be narrowed down by, in a list and in an export."""

    status = OneOfField(states.ITEM_STATES, required=False, allow_blank=True)
    search = serializers.CharField(max_length=100, required=False, allow_blank=True)

    def filter(self) -> dict[str, str]:
        """Return what was asked for, as queries and exports of items take it."""
        given = self.validated_data
        return {"state": given.get("status", ""), "search": given.get("search", "")}


class ItemsQuery(ItemsFilterFields):
    """What narrows a list of items down, and which page of it."""

    limit = serializers.IntegerField(min_value=1, max_value=500, default=100)
    cursor = ItemCursorField(required=False)


class ExportQuery(ListQuery):
    """What narrows an export of jobs down, as it does a list; a place in the list says nothing."""

    format = OneOfField(FORMS, default="csv")


class ItemsExportQuery(ItemsFilterFields):
    """What narrows an export of items down."""

    format = OneOfField(FORMS, default="csv")


class FormatQuery(StrictSerializer):
    """As what a file is handed out."""

    format = OneOfField(FORMS, default="csv")


class RejectedQuery(StrictSerializer):
    """Which rejected rows are asked for; without `file` those of all files."""

    file = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, required=False, help_text="Its position in the job."
    )
    format = OneOfField(FORMS, default="csv")


class RetryQuery(StrictSerializer):
    """How far a retry goes."""

    dryRun = serializers.BooleanField(default=False)  # noqa: N815
    include = OneOfField(["cancelled"], required=False)


class PriorityBody(StrictSerializer):
    """How early workers choose a job."""

    priority = serializers.IntegerField(min_value=-100, max_value=100)


class NextBody(StrictSerializer):
    """How the caller did one item; of nothing given, well and without a result."""

    result = JsonObjectField(required=False)
    error = serializers.CharField(max_length=ERROR_MAX, required=False)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if len(given) > 1:
            sentence = "Give either a result or an error, not both."
            raise serializers.ValidationError({"result": [sentence], "error": [sentence]})
        return given


class ClaimBody(StrictSerializer):
    """How many items to take, and how long to wait for the first."""

    limit = serializers.IntegerField(min_value=1, max_value=500, default=1)
    wait = serializers.IntegerField(min_value=0, max_value=30, default=0)


class ItemReport(NextBody):
    """How one item of a claim went."""

    itemId = serializers.IntegerField(min_value=1, max_value=2**63 - 1)  # noqa: N815
    status = OneOfField(["ok", "failed"])

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        failed = given["status"] == "failed"
        if failed and "error" not in given:
            raise serializers.ValidationError({"error": ["A failed item must say why."]})
        wrong = "result" if failed else "error"
        if wrong in given:
            sentence = f"An item that is {given['status']} has none. Leave it out."
            raise serializers.ValidationError({wrong: [sentence]})
        return given


class ResultsBody(StrictSerializer):
    """How items of a claim went; `release` gives the others back."""

    results = serializers.ListField(child=ItemReport(), max_length=500, default=list)
    release = serializers.BooleanField(default=False)

    def validate_results(self, results: list[dict[str, Any]]) -> list[dict[str, Any]]:
        ids = [one["itemId"] for one in results]
        if len(ids) != len(set(ids)):
            raise serializers.ValidationError("Each item may stand here only once.")
        return results


class BulkBody(StrictSerializer):
    """What to do to many jobs: to those named, or to all that match a filter."""

    action = OneOfField(["cancel", "retry"])
    ids = serializers.ListField(
        child=serializers.RegexField(
            NAME, max_length=64, allow_blank=False, error_messages={"invalid": NAME_HELP}
        ),
        max_length=IDS_MAX, allow_empty=False, required=False,
    )  # fmt: skip
    filter = FilterFields(required=False)
    cursor = JobCursorField(required=False)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if ("ids" in given) == ("filter" in given):
            raise serializers.ValidationError({"ids": [ONE_OF], "filter": [ONE_OF]})
        return given


class WatchBody(StrictSerializer):
    """Whether the caller wants a mail."""

    on = serializers.BooleanField()


class StatisticsQuery(StrictSerializer):
    """Which days' figures are asked for."""

    days = serializers.IntegerField(min_value=1, max_value=1_100, default=30)
    type = serializers.CharField(max_length=40, required=False, allow_blank=True)
