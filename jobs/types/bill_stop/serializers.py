"""Take in what programs and people ask of bill stop."""

from rest_framework import serializers

from batchops.exports import FORMS
from batchops.inputs import DayField, OneOfField, StrictSerializer
from jobs.types.bill_stop import queries, rules

LONGEST = 254
DIRECTIONS = [f"{way}{sort}" for sort in queries.SORTS for way in ("", "-")]


class HistoryQuery(StrictSerializer):
    """How many runs."""

    limit = serializers.IntegerField(min_value=1, max_value=100, default=10)


class DataQuery(StrictSerializer):
    """Whose lists: of which day (the last run's if left out), and of which CRP (all)."""

    batchDate = DayField(required=False)  # noqa: N815
    crp = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True, default="")


class CrpQuery(StrictSerializer):
    """What the list of CRPs is narrowed down to, and how it is ordered."""

    search = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True, default="")
    show = OneOfField(
        ("stopped", "all_stopped", "active"), required=False, allow_blank=True, default=""
    )
    sort = OneOfField(DIRECTIONS, required=False, allow_blank=True, default="")


class CrpPageQuery(CrpQuery):
    """The same, a page at a time."""

    page = serializers.IntegerField(min_value=1, max_value=100_000, required=False, default=1)


class ConnectionQuery(StrictSerializer):
    """What the list of connections is narrowed down to."""

    crp = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True, default="")
    search = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True, default="")
    show = OneOfField(("stopped", "active"), required=False, allow_blank=True, default="")
    reason = OneOfField(tuple(rules.REASONS), required=False, allow_blank=True, default="")


class ConnectionPageQuery(ConnectionQuery):
    """The same, a page at a time."""

    page = serializers.IntegerField(min_value=1, max_value=100_000, required=False, default=1)


class CrpExportQuery(CrpQuery):
    """The CRPs as a file."""

    format = OneOfField(FORMS, required=False, default="xlsx")


class ConnectionExportQuery(ConnectionQuery):
    """The connections as a file."""

    format = OneOfField(FORMS, required=False, default="xlsx")
