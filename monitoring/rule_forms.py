"""Take in how a rule is to judge: one field for each of its thresholds."""

from copy import copy
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from monitoring.models import RuleSetting, Step
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


class TrialForm(forms.Form):
    """How a rule is to judge on trial; with its thresholds and its step's fields."""

    enabled = forms.BooleanField(label=_lazy("The rule is on"), required=False)

    def __init__(self, rule: str, step: Step | None, data: Any = None) -> None:
        self.rule, self.step, self.kind = rule, step, KINDS[rule]
        super().__init__(data, initial=self._held())
        self.fields |= {each.name: _field(each) for each in self.kind.thresholds}
        if step:
            self.fields |= forms.fields_for_model(Step, fields=self.kind.step_fields)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if self.step and not self.errors:
            tried = copy(self.step)
            for name, value in self.step_values().items():
                setattr(tried, name, value)
            tried.full_clean(exclude=["depends_on"], validate_unique=False)
        return given

    def setting(self) -> RuleSetting:
        """Return the setting tried, which is stored nowhere."""
        numbers = {each.name: self.cleaned_data[each.name] for each in self.kind.thresholds}
        return RuleSetting(
            rule=self.rule,
            step=self.step,
            enabled=self.cleaned_data["enabled"],
            thresholds={name: n for name, n in numbers.items() if n is not None},
        )

    def step_values(self) -> dict[str, Any]:
        """Return the fields of the step that are to be others, by name."""
        names = self.kind.step_fields if self.step else ()
        given = {name: self.cleaned_data[name] for name in names}
        return {name: n for name, n in given.items() if n != getattr(self.step, name)}

    def _held(self) -> dict[str, Any]:
        """Return what is in force now: the step's own setting, else that for all."""
        found = {each.step_id: each for each in RuleSetting.objects.filter(rule=self.rule)}
        now = found.get(self.step.pk if self.step else None) or found.get(None)
        fields = {name: getattr(self.step, name) for name in self.kind.step_fields if self.step}
        return {"enabled": now is None or now.enabled, **(now.thresholds if now else {}), **fields}


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
