"""Take in what people write about a schedule."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from batchops.inputs import unstorable
from jobs import registry
from jobs.forms import JsonText
from jobs.lifecycle.schedules import EDITED
from jobs.models import Schedule
from jobs.scheduling import troubles


class ScheduleForm(forms.ModelForm[Schedule]):
    """What starts, when, and how late; every complaint names its field and a remedy."""

    params = JsonText(
        label=_("Parameters"),
        required=False,
        initial=dict,
        help_text=_('A JSON object, as the type asks, such as {"items": 100}.'),
    )

    class Meta:
        model = Schedule
        fields = EDITED

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "params" in self.fields:
            self.fields["params"].help_text = _params_help()
        if "type" in self.fields:  # not where a schedule is only looked at
            kept = [self.instance.type] if self.instance.pk else []
            names = dict.fromkeys([*registry.names(), *kept])
            self.fields["type"] = forms.ChoiceField(
                label=_("Job type"),
                choices=[(name, registry.label_or_gone(name)) for name in names],
            )

    def clean_params(self) -> dict[str, Any]:
        given = self.cleaned_data["params"]
        params = {} if given is None else given
        if not isinstance(params, dict):
            raise ValidationError(_("Must be a JSON object, such as {}."))
        problem = unstorable(params)
        if problem:
            raise ValidationError(problem)
        return params

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        self._complain(Schedule(**given))
        return given

    def _complain(self, schedule: Schedule) -> None:
        """Say in the same pass what would keep it from starting, where nothing is said yet."""
        said_already = set(self.errors)
        for field, sentences in troubles(schedule).items():
            home, _dot, part = field.partition(".")
            if home in said_already:
                continue
            said = [f"{part}: {one}" if part else one for one in sentences]
            self.add_error(home if home in self.fields else None, said)


def _params_help() -> str:
    """Name what each type can be given: the form is the same for all of them."""
    known = [registry.find(name) for name in registry.names()]
    each = "; ".join(
        f"{_(one.label)}: {', '.join(one.params().fields) or _('nothing')}" for one in known
    )
    example = _('A JSON object, as the type asks, such as {"items": 100}.')
    return f"{example} {each}."
