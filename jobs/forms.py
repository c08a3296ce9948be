"""Take in what people fill in on the pages of jobs."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from jobs.start import Order
from jobs.types.drill import MAX_ITEMS, MAX_MS


class DrillForm(forms.Form):
    """Start an engine drill."""

    title = forms.CharField(
        label=_("Title"),
        max_length=200,
        required=False,
        help_text=_("What colleagues will look for; may stay empty."),
    )
    items = forms.IntegerField(label=_("Items"), min_value=1, max_value=MAX_ITEMS, initial=100)
    ms = forms.IntegerField(
        label=_("Milliseconds an item"), min_value=0, max_value=MAX_MS, initial=50
    )
    failPercent = forms.IntegerField(  # noqa: N815
        label=_("Items that fail, in percent"), min_value=0, max_value=100, initial=0
    )
    recovers = forms.BooleanField(
        label=_("Failing items succeed when they are retried"), required=False
    )

    def order(self) -> Order:
        """Return what the person asked for."""
        given: dict[str, Any] = dict(self.cleaned_data)
        return Order(type="drill", title=given.pop("title"), params=given)
