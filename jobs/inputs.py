"""Say what a job's input may be, whatever its type."""

from rest_framework import serializers

from batchops.inputs import StrictSerializer

INLINE_ITEMS = 1_000
NAME = r"^[A-Za-z0-9._:-]*\Z"
NAME_HELP = "Only letters, digits and . _ : - are allowed."


class LabelledItem(StrictSerializer):
    """Take an item that may have a label, by whose beginning people find it."""

    label = serializers.CharField(  # type: ignore[assignment]
        max_length=100, required=False
    )
