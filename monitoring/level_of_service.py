"""Say in Oracle's manner how well CC&B's batches are served: the worst of several checks."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from django.utils.translation import gettext

from alerts.queries import standing_by_rule
from alerts.states import RULES, Severity
from monitoring import queries
from monitoring.queries import Freshness
from monitoring.rules.catalogue import JUDGED

KEYS_NAMED = 5


class Level(IntEnum):
    """How well it goes, worst last; its value is the status that Oracle's own check answers."""

    OK = 200
    WARNING = 203
    ERROR = 500


LEVELS = {
    Severity.CRITICAL: Level.ERROR,
    Severity.WARNING: Level.WARNING,
    Severity.INFO: Level.OK,
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what it is, how it stands, and why in a sentence."""

    name: str
    level: Level
    message: str


def checks(at: datetime) -> list[Check]:
    """Return how the reading of CC&B stands at `at`, then each rule that finds something."""
    found = defaultdict(list)
    for rule, severity, key in standing_by_rule(JUDGED):
        found[rule].append((Severity(severity), key))
    return [_source(queries.freshness(at)), *(_rule(rule, told) for rule, told in found.items())]


def _rule(rule: str, told: list[tuple[Severity, str]]) -> Check:
    keys = [key for _, key in told]
    more = gettext(" and %(n)d more") % {"n": len(keys) - KEYS_NAMED}
    named = ", ".join(keys[:KEYS_NAMED]) + (more if len(keys) > KEYS_NAMED else "")
    level = max(LEVELS[severity] for severity, _ in told)
    return Check(rule, level, f"{len(keys)} {gettext(RULES[rule].label)}: {named}")


def _source(fresh: Freshness) -> Check:
    seen = fresh.seen_at.isoformat(timespec="seconds") if fresh.seen_at else gettext("never")
    level, message = Level.OK, gettext("CC&B was read at %(seen)s.")
    if not fresh.configured:
        level, message = Level.WARNING, gettext("No CC&B is configured: set CCB_URL.")
    elif fresh.login_refused:
        level, message = Level.ERROR, gettext("CC&B refuses our login; last read: %(seen)s.")
    elif fresh.stale:
        level, message = Level.ERROR, gettext("CC&B is not read; last time: %(seen)s.")
    elif fresh.late:
        level, message = Level.WARNING, gettext("A reading of CC&B is missing; last: %(seen)s.")
    return Check("SOURCE", level, message % {"seen": seen})
