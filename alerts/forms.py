"""Check what people say about a channel, with sentences that name the line at fault."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alerts.channels import chat, guard
from alerts.models import Channel
from alerts.states import RULES, WEEKDAYS, ChannelKind
from batchops.errors import InvalidInput
from batchops.sealing import SecretUnreadable, seal

MOST_RECIPIENTS = 50
MOST_BATCHES = 200


class ChannelForm(forms.ModelForm[Channel]):
    """Whom a channel tells what; its address is taken and never shown again."""

    rules = forms.MultipleChoiceField(
        label=_("Types of alerts"),
        required=False,
        choices=[(rule.code, rule.label) for rule in RULES.values()],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all. That a channel fails, every other one tells."),
    )
    days = forms.TypedMultipleChoiceField(
        label=_("On days"),
        required=False,
        coerce=int,
        choices=[(number, _(name)) for number, name in enumerate(WEEKDAYS)],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all. Hours past midnight belong to the day they begin on."),
    )
    address = forms.CharField(
        label=_("Address"),
        required=False,
        strip=True,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "size": 60}),
        help_text=_(
            "Webhook: https://... Chat or SMS: slack://, tgram://, twilio://, pagerduty:// or "
            "workflows:// (Teams). It is kept sealed and not shown again; empty: as it is."
        ),
    )

    class Meta:
        model = Channel
        fields = (
            "kind", "name", "enabled", "recipients", "minimum_severity", "rules", "batches",
            "job_ends", "days", "hours_from", "hours_until", "per_minute",
        )  # fmt: skip
        widgets = {
            "recipients": forms.Textarea(attrs={"rows": 5, "cols": 50}),
            "batches": forms.Textarea(attrs={"rows": 3, "cols": 50}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("kind", "job_ends"):
            if name in self.fields:
                self.fields[name].required = False
        self.place = ""

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or ChannelKind.EMAIL

    def clean_job_ends(self) -> str:
        return self.cleaned_data["job_ends"] or self.instance.job_ends

    def clean_recipients(self) -> str:
        if self._kind != ChannelKind.EMAIL:
            return ""
        addresses = checked_addresses(self.cleaned_data["recipients"])
        if not addresses:
            raise ValidationError(gettext("Give at least one address, each on a line of its own."))
        return "\n".join(addresses)

    def clean_batches(self) -> str:
        codes = _lines(self.cleaned_data["batches"])
        if len(codes) > MOST_BATCHES:
            raise ValidationError(
                gettext("These are %(n)d codes; a channel takes at most %(most)d.")
                % {"n": len(codes), "most": MOST_BATCHES}
            )
        return "\n".join(codes)

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"]
        if self._kind == ChannelKind.EMAIL:
            return ""
        if not address and not self.instance.place:
            raise ValidationError(gettext("Give the address that it sends to."))
        if address:
            self.place = _place(self._kind, address)
        return address

    @property
    def _kind(self) -> str:
        return str(self.cleaned_data.get("kind") or self.instance.kind)


def checked_addresses(text: str) -> list[str]:
    """Return the addresses that people wrote, one on a line or with commas between, each once.

    :raises ValidationError: when one is no address, or they are too many; it names which.
    """
    addresses = _lines(text)
    if len(addresses) > MOST_RECIPIENTS:
        raise ValidationError(
            gettext("These are %(n)d addresses; at most %(most)d are written to.")
            % {"n": len(addresses), "most": MOST_RECIPIENTS}
        )
    if problems := [problem for address in addresses if (problem := _problem(address))]:
        raise ValidationError(problems)
    return addresses


def _lines(given: str) -> list[str]:
    lines = [line.strip() for line in given.replace(",", "\n").splitlines()]
    return list(dict.fromkeys(line for line in lines if line))


def _place(kind: str, address: str) -> str:
    """Return what may be shown of an address; refuse one that leads to where none may."""
    try:
        seal("")
        if kind == ChannelKind.CHAT:
            return chat.service_of(address)
        return guard.parse(address).netloc
    except (InvalidInput, SecretUnreadable) as error:
        raise ValidationError(error.message) from None


def _problem(address: str) -> str:
    try:
        validate_email(address)
    except ValidationError:
        return gettext(
            "'%(address)s' is no e-mail address. Write it as name@example.com, without a name "
            "before it."
        ) % {"address": address}
    return ""
