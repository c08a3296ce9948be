"""Go on telling while nobody has an alert: to the next channel, and again to who heard of it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext

from alerts.lifecycle.events import Happened, record
from alerts.lifecycle.outbox import post_escalated, post_reminders
from alerts.lifecycle.planning import ready_channels
from alerts.models import Alert, AlertQuerySet, EscalationStep, Reminder
from batchops.live.publish import publish


@transaction.atomic
def escalate(*, at: datetime, actor: str) -> int:
    """Take each alert that nobody has at `at` as far as the steps of its severity say.

    Returns how many steps were taken. A step that was missed is made up for; each is taken once
    until the alert waits anew, because it got worse, or an acknowledgement or a silence ended.
    """
    steps = EscalationStep.objects.filter(enabled=True).select_related("channel")
    ordered = steps.order_by("severity", "after_minutes", "id")
    taken = 0
    for (severity, minutes), each in groupby(ordered, lambda s: (s.severity, s.after_minutes)):
        waiting = Alert.objects.unanswered().filter(
            severity=severity,
            escalated_minutes__lt=minutes,
            unanswered_since__lte=at - timedelta(minutes=minutes),
        )
        taken += _take(list(each), _locked(waiting), at=at, actor=actor)
    if taken:
        publish("alerts")
    return taken


@transaction.atomic
def remind(*, at: datetime, actor: str) -> int:
    """Tell again who heard of an alert that nobody has it still at `at`; return of how many."""
    due = Q(pk=None)
    for each in Reminder.objects.filter(enabled=True):
        before = at - timedelta(minutes=each.every_minutes)
        due |= Q(severity=each.severity, told_at__lte=before)
    waiting = Alert.objects.unanswered().alias(told_at=Coalesce("reminded_at", "unanswered_since"))
    alerts = _locked(waiting.filter(due))
    if not alerts:
        return 0
    Alert.objects.filter(pk__in=_ids(alerts)).update(reminded_at=at)
    reminded = post_reminders(alerts)
    heard = [alert for alert in alerts if alert.pk in reminded]
    record(heard, Happened(verb="reminded", at=at, actor=actor))
    publish("alerts")
    return len(heard)


def _take(steps: list[EscalationStep], alerts: list[Alert], *, at: datetime, actor: str) -> int:
    if not alerts:
        return 0
    Alert.objects.filter(pk__in=_ids(alerts)).update(escalated_minutes=steps[0].after_minutes)
    ready = {channel.pk for channel in ready_channels()}
    post_escalated(alerts, [step.channel for step in steps if step.channel_id in ready])
    said = "; ".join(_words(step, is_ready=step.channel_id in ready) for step in steps)
    happened = Happened(verb="escalated", at=at, actor=actor)
    record(alerts, happened, dict.fromkeys(_ids(alerts), said))
    return len(alerts)


def _words(step: EscalationStep, *, is_ready: bool) -> str:
    said = gettext("to %(channel)s, after %(minutes)d min")
    if not is_ready:
        said = gettext("%(channel)s is switched off or not set up, after %(minutes)d min")
    return said % {"channel": step.channel.name, "minutes": step.after_minutes}


def _locked(alerts: AlertQuerySet) -> list[Alert]:
    # As every duty that is about alerts of all rules: whoever holds one now has it the next time.
    return list(alerts.select_for_update(no_key=True, skip_locked=True).order_by("id"))


def _ids(alerts: Iterable[Alert]) -> list[int]:
    return [alert.pk for alert in alerts]
