"""Check what people say about reports by mail, with sentences that name what is wrong."""

from datetime import time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from alerts.forms import checked_addresses
from alerts.models import Bulletin
from alerts.states import BulletinKind


class BulletinForm(forms.ModelForm[Bulletin]):
    """When a report is mailed and to whom; one that is on has a time and a reader."""

    class Meta:
        model = Bulletin
        fields = ("name", "at", "recipients", "enabled")
        widgets = {"recipients": forms.Textarea(attrs={"rows": 5, "cols": 50})}

    def clean_recipients(self) -> str:
        return "\n".join(checked_addresses(self.cleaned_data["recipients"]))

    def clean_at(self) -> time | None:
        at: time | None = self.cleaned_data["at"]
        if at is None and self.instance.kind == BulletinKind.HAND_OVER:
            raise ValidationError(gettext("Say at what time shifts change, such as 14:00."))
        return at

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("enabled") and given.get("recipients") == "":
            said = gettext("Before it is switched on, give at least one address it goes to.")
            self.add_error("recipients", said)
        return given
