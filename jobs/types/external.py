"""Outside work: items that programs elsewhere take, do and report by the API (docs/api.md)."""

from typing import Any

from django.utils.translation import gettext_noop
from rest_framework import serializers

from batchops.inputs import StrictSerializer, unstorable
from jobs.registry import FollowUp, JobType, register


class AnyObject(StrictSerializer):
    """Take any JSON object that can be stored: what it means, the programs outside know."""

    def to_internal_value(self, data: Any) -> Any:
        problem = unstorable(data)
        if problem:
            raise serializers.ValidationError({"non_field_errors": [problem]})
        return data


@register
class External(JobType):
    """Its items are whatever the request brings; each is done by whoever takes it."""

    name = "external"
    label = gettext_noop("Outside work")
    about = (
        "Keeps count of work that programs outside do: they take its items and report by the API."
    )
    params = AnyObject
    item_params = AnyObject
    external = True
    follow_ups = (FollowUp("enrich", "Enrich All", "enrich"),)
