"""Store what people asked to have replayed: a rule's changed terms, and what came of them."""

from copy import copy

from django.db import models
from django.db.models import Q

from monitoring.models.rule_settings import RuleSetting
from monitoring.models.workflow import Step
from monitoring.rules.catalogue import KINDS, Setting, Terms
from monitoring.states import ReplayState


class Replay(models.Model):
    """One rule with other terms, judged again over the past readings; only read and counted.

    `enabled` and `thresholds` are the terms tried, `step_values` fields of the step that the rule
    judges by, by name. `held` is what was in force when it was asked for (`held_terms`): the terms
    are taken over only while that is still so.
    """

    rule = models.CharField(max_length=40)
    step = models.ForeignKey(Step, null=True, on_delete=models.CASCADE, related_name="replays")
    enabled = models.BooleanField(default=True)
    thresholds = models.JSONField(default=dict)
    step_values = models.JSONField(default=dict)
    held = models.JSONField()
    state = models.CharField(max_length=16, default=ReplayState.ASKED.value)
    asked_by = models.CharField(max_length=255)
    asked_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    days = models.PositiveSmallIntegerField(default=0, help_text="Business days to go through.")
    days_done = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    result = models.JSONField(null=True)
    error = models.TextField(blank=True, default="")
    applied_at = models.DateTimeField(null=True)
    applied_by = models.CharField(max_length=255, blank=True, default="")

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[each.value for each in ReplayState]),
                name="replay_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state=ReplayState.ASKED.value, finished_at=None)
                | (~Q(state=ReplayState.ASKED.value) & Q(finished_at__isnull=False)),
                name="replay_over_has_end",
            ),
        ]
        indexes = [
            # What waits to be done, looked for every few seconds.
            models.Index(
                fields=["id"], condition=Q(state=ReplayState.ASKED.value), name="replay_asked"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} ({self.batch_code or 'all steps'})"

    @property
    def batch_code(self) -> str:
        return self.step.batch_code if self.step else ""

    @property
    def is_open(self) -> bool:
        return self.state == ReplayState.ASKED

    @property
    def pct(self) -> int | None:
        """How far it is, None before it began."""
        return min(100 * self.days_done // self.days, 99) if self.days else None

    @property
    def terms(self) -> Setting:
        """The terms it tries, as rules read them."""
        return Setting(self.rule, self.batch_code, Terms(self.enabled, thresholds=self.thresholds))

    @property
    def step_tried(self) -> Step | None:
        """The step with the values tried, None where it stays as it is."""
        if self.step is None or not self.step_values:
            return None
        tried = copy(self.step)
        for name, value in self.step_values.items():
            setattr(tried, name, value)
        return tried


def held_terms(rule: str, step: Step | None) -> dict[str, object]:
    """Return what is in force now: the rule's setting for the step, for all, and the step's own."""
    found = {each.step_id: each for each in RuleSetting.objects.filter(rule=rule)}
    own = found.get(step.pk) if step else None
    fields = KINDS[rule].step_fields if step else ()
    return {
        "own": _terms(own),
        "all": _terms(found.get(None)),
        "step": {name: getattr(step, name) for name in fields},
    }


def _terms(setting: RuleSetting | None) -> dict[str, object] | None:
    if setting is None:
        return None
    return {"enabled": setting.enabled, "thresholds": setting.thresholds}
