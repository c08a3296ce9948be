"""Break the guards of the engine one at a time, as a careless change would."""

from collections import Counter
from contextlib import AbstractContextManager
from unittest.mock import PropertyMock, patch

from jobs import states
from jobs.errors import LostClaim
from jobs.lifecycle import claims, expiry, moves, settling
from jobs.lifecycle.claims import Lease
from jobs.models import Job

Mutation = AbstractContextManager[object]


def _without(module: object, name: str, guard: str, instead: str = "") -> Mutation:
    """Take a guard out of one of the engine's SQL texts."""
    sql = getattr(module, name)
    assert guard in sql, f"{name} no longer has this guard, so the mutant must be adapted: {guard}"
    return patch.object(module, name, sql.replace(guard, instead))


def _deaf(lease: Lease) -> bool:
    try:
        return claims.renew(lease)
    except LostClaim:
        return False


def _told(lease: Lease, outcomes: list[settling.Outcome]) -> Counter[str]:
    WRITE(lease, outcomes)
    return Counter(outcome.state for outcome in outcomes)


WRITE = settling._write
MUTANTS = {
    "a settle writes items it no longer holds": lambda: _without(
        settling, "SETTLE_SQL", "coalesce(i.claim_id, 0) = %s", "%s > 0"
    ),
    "a settle under a lost lease is not refused": lambda: patch.multiple(
        settling, renew=_deaf, end=lambda lease: 0.0
    ),
    "a settle counts what it is told": lambda: patch.object(settling, "_write", _told),
    "the last settle does not end the job": lambda: patch.object(
        settling, "finish_if_settled", return_value=False
    ),
    "a job ends one item early": lambda: patch.object(
        Job, "is_settled", PropertyMock(side_effect=[True] * 10**5)
    ),
    "a settle leaves the lease behind": lambda: patch.object(
        settling, "_delete", lambda lease: 1.0
    ),
    "a wish to cancel forgets what is given back": lambda: patch.object(
        settling, "cancel_these", return_value=0
    ),
    "a dead worker's settled items are taken back too": lambda: _without(
        expiry, "SUSPECT_SQL", "AND claim_id = %(claim)s AND state = 'running'", "AND %(claim)s > 0"
    ),
    "a dead worker's items are not counted": lambda: patch.object(
        expiry, "close", return_value=None
    ),
    "a claim takes what others hold": lambda: patch.object(
        claims, "TAKE_SQL", claims.TAKE_SQL.replace("i.state = 'pending'", "i.state <> 'failed'")
    ),
    "a retry may open a job that runs": lambda: patch.dict(
        states.MOVES, {"retry": (*states.OPEN, *states.ENDED)}
    ),
    "a retry keeps the old counters": lambda: patch.object(
        moves, "_counters_without", return_value={}
    ),
}
