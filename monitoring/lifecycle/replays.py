"""Ask for replays of rules, store what came of them, and take their terms over."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pghistory
from django.db import transaction
from django.db.models import F

from batchops.live.publish import publish
from monitoring.errors import ReplayNotDone, ReplayNotFound, RuleSettingMoved
from monitoring.models import Replay, RuleSetting, Step, held_terms
from monitoring.states import ReplayState

ROWS_A_BATCH = 500
TRIES = 3  # a replay whose process was killed so often is given up

logger = logging.getLogger(__name__)


@transaction.atomic
def ask_replay(
    tried: RuleSetting, step_values: Mapping[str, Any], *, at: datetime, actor: str
) -> Replay:
    """Store the wish to see what `tried`, with other values of its step, would have told."""
    asked = Replay.objects.create(
        rule=tried.rule,
        step=tried.step,
        enabled=tried.enabled,
        thresholds=tried.thresholds,
        step_values=dict(step_values),
        held=held_terms(tried.rule, tried.step),
        asked_by=actor,
        asked_at=at,
    )
    logger.info("ask replay=%s rule=%s by=%s", asked.pk, asked, actor)
    return asked


@transaction.atomic
def begin_replay(*, at: datetime) -> Replay | None:
    """Return the oldest replay that waits, with one more try counted; None when none waits.

    One that was begun too often, each time by a process that was killed, is given up.
    """
    for waiting in Replay.objects.filter(state=ReplayState.ASKED).order_by("id"):
        if waiting.tries < TRIES:
            Replay.objects.filter(pk=waiting.pk).update(tries=F("tries") + 1, days_done=0)
            return waiting
        fail_replay(waiting, "It was begun three times and never came to its end.", at=at)
    return None


@transaction.atomic
def note_replayed(asked: Replay, done: int, days: int) -> None:
    """Store how many of its days a replay has gone through."""
    waiting = Replay.objects.filter(pk=asked.pk, state=ReplayState.ASKED)
    if waiting.update(days_done=done, days=days):
        publish(f"replay:{asked.pk}")


def finish_replay(asked: Replay, result: Mapping[str, Any], *, at: datetime) -> None:
    """Store what a replay found; one that is over stays as it is."""
    _end(asked, at, state=ReplayState.DONE, result=dict(result))


def fail_replay(asked: Replay, error: str, *, at: datetime) -> None:
    """Store why a replay found nothing; one that is over stays as it is."""
    _end(asked, at, state=ReplayState.FAILED, error=error)


@transaction.atomic
def apply_replay(replay_id: int, *, at: datetime, actor: str) -> Replay:
    """Set the terms that a replay tried, from the next poll on; done twice it changes nothing.

    :raises ReplayNotFound: when there is none.
    :raises ReplayNotDone: when it has not come to its end, or to a bad one.
    :raises RuleSettingMoved: when somebody changed the setting since the replay was asked for.
    """
    asked = _locked(replay_id)
    if asked.applied_at:
        return asked
    if asked.state != ReplayState.DONE:
        raise ReplayNotDone("This replay is not done, so nobody knows what its terms would tell.")
    list(RuleSetting.objects.select_for_update(no_key=True).filter(rule=asked.rule).order_by("pk"))
    if asked.held != held_terms(asked.rule, asked.step):
        raise _moved(asked)
    with pghistory.context(actor=actor, replay=asked.pk):
        _take_over(asked)
    Replay.objects.filter(pk=asked.pk).update(applied_at=at, applied_by=actor)
    logger.info("apply replay=%s rule=%s by=%s", asked.pk, asked, actor)
    publish("workflow", f"replay:{asked.pk}")
    return asked


def remove_replays(*, before: datetime, limit: int = ROWS_A_BATCH) -> int:
    """Remove replays asked for earlier; return how many."""
    old = Replay.objects.filter(asked_at__lt=before).order_by("id").values("pk")[:limit]
    removed: int = Replay.objects.filter(pk__in=old).delete()[0]
    return removed


@transaction.atomic
def _end(asked: Replay, at: datetime, **found: Any) -> None:
    waiting = Replay.objects.filter(pk=asked.pk, state=ReplayState.ASKED)
    if waiting.update(finished_at=at, **found):
        logger.info("%s replay=%s rule=%s", found["state"], asked.pk, asked)
        publish(f"replay:{asked.pk}")


def _locked(replay_id: int) -> Replay:
    found = Replay.objects.select_for_update(no_key=True).filter(pk=replay_id).first()
    if found is None:
        raise ReplayNotFound(
            f"There is no replay {replay_id}; they are kept for a month. Replay the rule again."
        )
    found.step = Step.objects.select_for_update(no_key=True).filter(replays=found).first()
    return found


def _take_over(asked: Replay) -> None:
    terms = {"enabled": asked.enabled, "thresholds": asked.thresholds}
    held = asked.held["own"]
    if held is None:
        # Its unique constraint keeps out whoever makes one at the same time.
        _, made = RuleSetting.objects.get_or_create(
            rule=asked.rule, step=asked.step, defaults=terms
        )
        if not made:
            raise _moved(asked)
    elif terms != held:
        RuleSetting.objects.filter(rule=asked.rule, step=asked.step).update(**terms)
    if asked.step_values:
        Step.objects.filter(replays=asked).update(**asked.step_values)


def _moved(asked: Replay) -> RuleSettingMoved:
    return RuleSettingMoved(
        f"Somebody changed how {asked.rule} judges since this replay was made. Nothing was "
        "changed now: look at what is set, and replay again."
    )
