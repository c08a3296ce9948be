"""Check what people say about a channel, with sentences that name the line at fault."""

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext

from alerts.models import Channel

MOST_RECIPIENTS = 50


class ChannelForm(forms.ModelForm[Channel]):
    """A channel's name, severity and addresses."""

    class Meta:
        model = Channel
        fields = ("name", "minimum_severity", "recipients", "enabled")
        widgets = {"recipients": forms.Textarea(attrs={"rows": 5, "cols": 50})}

    def clean_recipients(self) -> str:
        given: str = self.cleaned_data["recipients"]
        lines = [line.strip() for line in given.replace(",", "\n").splitlines()]
        addresses = list(dict.fromkeys(line for line in lines if line))
        if not addresses:
            raise ValidationError(gettext("Give at least one address, each on a line of its own."))
        if len(addresses) > MOST_RECIPIENTS:
            raise ValidationError(
                gettext("These are %(n)d addresses; a channel takes at most %(most)d.")
                % {"n": len(addresses), "most": MOST_RECIPIENTS}
            )
        if problems := [problem for address in addresses if (problem := _problem(address))]:
            raise ValidationError(problems)
        return "\n".join(addresses)


def _problem(address: str) -> str:
    try:
        validate_email(address)
    except ValidationError:
        return gettext(
            "'%(address)s' is no e-mail address. Write it as name@example.com, without a name "
            "before it."
        ) % {"address": address}
    return ""
