"""Store how people want each rule to judge: at all, only on record, by which thresholds."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alerts.states import RULES
from batchops.row_history import tracked
from monitoring.models.workflow import Step
from monitoring.rules.catalogue import JUDGED, KINDS, Setting, Terms


@tracked
class RuleSetting(models.Model):
    """How one rule judges one step, or all steps that have no setting of their own.

    `thresholds` holds whole numbers by name; what it leaves out is taken from the setting for
    all, then from the catalogue of rules.
    """

    step = models.ForeignKey(
        Step,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="rule_settings",
        help_text=_("Empty: all steps without a setting of their own, and runs of no step."),
    )
    rule = models.CharField(max_length=40, choices=[(code, RULES[code].label) for code in JUDGED])
    enabled = models.BooleanField(
        _("on"), default=True, help_text=_("Off: it finds nothing, and what it found is over.")
    )
    record_only = models.BooleanField(
        _("only on record"),
        default=False,
        help_text=_("On trial: its alerts are kept and shown, and nobody is mailed or notified."),
    )
    thresholds = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("rule setting")
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "step"],
                nulls_distinct=False,
                name="rule_setting_once_per_step",
                violation_error_message=_(
                    "This rule has a setting for this step already: change that one."
                ),
            ),
            models.CheckConstraint(
                condition=models.Q(rule__in=JUDGED), name="rule_setting_rule_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} ({self.step.batch_code if self.step else gettext('all steps')})"

    def clean(self) -> None:
        kind = KINDS.get(self.rule)
        if kind is None:
            return  # the field says so itself
        known = {threshold.name: threshold for threshold in kind.thresholds}
        for name, number in self.thresholds.items():
            threshold = known.get(name)
            if threshold is None:
                said = gettext("%(rule)s has no threshold '%(name)s': take it out.")
                raise ValidationError(said % {"rule": self.rule, "name": name})
            if type(number) is not int or not threshold.minimum <= number <= threshold.maximum:
                said = gettext("'%(name)s' must be a whole number from %(low)d to %(high)d.")
                named = {"name": name, "low": threshold.minimum, "high": threshold.maximum}
                raise ValidationError(said % named)

    def read(self) -> Setting:
        """Return it as rules read it."""
        code = self.step.batch_code if self.step else ""
        return Setting(self.rule, code, Terms(self.enabled, self.record_only, self.thresholds))
