"""Find initial measurements that nobody works off."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from alerts.states import Finding, Severity
from monitoring.rules.facts import Picture, PollFacts, StepFacts
from monitoring.rules.wording import clock
from monitoring.states import OPEN, RunState

RULE = "IMD_NOT_DRAINING"


def imd_not_draining(picture: Picture) -> list[Finding]:
    """Find that pending IMDs do not get fewer while no run of their step is open.

    Readings count from when the step may run: its expected start has come, and what it depends on
    has been complete. Once found, it stands until the count falls.
    """
    draining = [step for step in picture.steps.values() if step.drains_imd]
    found = (_not_draining(step, picture) for step in draining)
    return [finding for finding in found if finding]


def _not_draining(step: StepFacts, picture: Picture) -> Finding | None:
    polls = picture.polls
    pending = polls[-1].pending_imd if polls else None
    if not pending or _fell(polls[-2:]):
        return None
    is_open = any(run.batch_code == step.code and run.state in OPEN for run in picture.runs)
    stands = (RULE, step.code) in picture.standing
    judged = _judged(step, picture)
    if not stands and (is_open or not judged):
        return None
    return _finding(step, picture, pending, judged or polls[-2:])


def _judged(step: StepFacts, picture: Picture) -> Sequence[PollFacts]:
    """Return the last readings if at each of them IMDs were pending and had not got fewer."""
    since = _may_run_from(step, picture)
    last = picture.polls[-picture.book.threshold(RULE, step.code, "polls") - 1 :]
    enough = len(last) == picture.book.threshold(RULE, step.code, "polls") + 1
    counted = all(since and poll.pending_imd and poll.at >= since for poll in last)
    return last if enough and counted and not any(map(_fell, pairwise(last))) else ()


def _may_run_from(step: StepFacts, picture: Picture) -> datetime | None:
    """Return since when it may run today, None while what it depends on is not complete."""
    if not step.depends_on:
        return step.expected_at
    needed = picture.today.get(step.depends_on, ())
    ends = [run.ended_at or run.since for run in needed if run.state is RunState.COMPLETE]
    return max(step.expected_at, min(ends)) if ends else None


def _fell(pair: Sequence[PollFacts]) -> bool:
    counts = [poll.pending_imd or 0 for poll in pair]
    return len(counts) == 2 and counts[1] < counts[0]


def _finding(
    step: StepFacts, picture: Picture, pending: int, polls: Sequence[PollFacts]
) -> Finding:
    since = polls[0].at
    return Finding(
        key=step.code,
        severity=Severity.WARNING,
        message=f"{pending:,} IMDs are pending, not fewer since {clock(since, picture.zone)}, and "
        f"no {step.code} is running. Start {step.code}, or find out what holds it.",
        evidence={
            "expected": {"pending": f"fewer from poll to poll, or an open run of {step.code}"},
            "seen": {
                "counted_from_at": since.isoformat(),
                "counted_to_at": picture.at.isoformat(),
                "pending": pending,
                "poll_by_poll": ", ".join(f"{poll.pending_imd or 0:,}" for poll in polls),
            },
        },
        batch_code=step.code,
        business_date=picture.day,
        subject=step.code,
    )
