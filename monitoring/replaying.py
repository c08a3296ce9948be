"""Do the replays that people asked for, one at a time, away from the web processes."""

import logging

from batchops.cluster import bells
from batchops.db import database_now, session_lock, session_lock_held
from monitoring import lifecycle
from monitoring.models import Replay
from monitoring.replay import replay
from monitoring.states import ReplayState

BELL = "monitoring.tasks.replay"
LOCK = "monitoring.replay"
# Behind the bells of jobs, which may fill the queue.
AT_MOST = 5

logger = logging.getLogger(__name__)


def ring() -> None:
    """Ring for a worker if a replay waits and nobody is at one."""
    waiting = Replay.objects.filter(state=ReplayState.ASKED)
    if waiting.exists() and not session_lock_held(LOCK):
        bells.ring(BELL, cluster="jobs", at_most=AT_MOST)


def do_replays() -> None:
    """Do what waits, oldest first; nothing while another process is at it."""
    with session_lock(LOCK) as held:
        while held and (asked := lifecycle.begin_replay(at=database_now())):
            _do(asked)


def _do(asked: Replay) -> None:
    try:
        result = replay(
            asked,
            at=database_now(),
            tell=lambda done, days: lifecycle.note_replayed(asked, done, days),
        )
    except Exception:
        logger.exception("replay=%s failed", asked.pk)
        said = "The replay failed in our own code; the log of the jobs cluster says where."
        lifecycle.fail_replay(asked, said, at=database_now())
        return
    lifecycle.finish_replay(asked, result, at=database_now())
