"""Take in how a rule is to judge: one field for each of its thresholds."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from monitoring.models import RuleSetting
from monitoring.rules.catalogue import KINDS, RuleKind, Threshold


class RuleSettingForm(forms.ModelForm[RuleSetting]):
    """What is common to all rules; `form_of` adds the thresholds of one."""

    class Meta:
        model = RuleSetting
        fields = ("step", "rule", "enabled", "record_only")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self._threshold_names():
            self.initial[name] = self.instance.thresholds.get(name)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        numbers = {name: given.get(name) for name in self._threshold_names()}
        self.instance.thresholds = {k: v for k, v in numbers.items() if v is not None}
        return given

    def _threshold_names(self) -> list[str]:
        kind = KINDS.get(self.instance.rule)
        return [each.name for each in kind.thresholds if each.name in self.fields] if kind else []


def form_of(kind: RuleKind | None) -> type[RuleSettingForm]:
    """Return the form of a rule's setting; of none yet, the one that asks which rule."""
    fields = {each.name: _field(each) for each in kind.thresholds} if kind else {}
    return type("RuleSettingForm", (RuleSettingForm,), fields)


def in_words(setting: RuleSetting) -> str:
    """Return the thresholds of a setting with their units, those that it leaves out left out."""
    return "; ".join(
        f"{_(each.label)}: {setting.thresholds[each.name]:,} {_(each.unit)}"
        for each in KINDS[setting.rule].thresholds
        if each.name in setting.thresholds
    )


def _field(threshold: Threshold) -> forms.IntegerField:
    return forms.IntegerField(
        label=f"{_(threshold.label)} ({_(threshold.unit)})",
        required=False,
        min_value=threshold.minimum,
        max_value=threshold.maximum,
        help_text=" ".join(filter(None, (_(threshold.help_text), _otherwise(threshold)))),
    )


def _otherwise(threshold: Threshold) -> str:
    """Say what holds while the field is empty."""
    if threshold.default is None:
        return ""
    said = _("Empty: as the setting for all steps says, else %(default)s.")
    return said % {"default": f"{threshold.default:,}"}
