"""Make pictures of CC&B for rules: a Wednesday in Dhaka at ten, unless told otherwise."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from alerts.states import Finding
from monitoring.rules.catalogue import Rulebook, Setting, Terms
from monitoring.rules.facts import Picture, PollFacts, RunFacts, StepFacts, Usual
from monitoring.rules.judging import judge
from monitoring.states import RunState

ZONE = ZoneInfo("Asia/Dhaka")
DAY = date(2026, 11, 18)
QUARTER = timedelta(minutes=15)
CODES = {
    RunState.PENDING: "10",
    RunState.RUNNING: "20",
    RunState.FAILED: "30",
    RunState.COMPLETE: "40",
}


def at(clock: str = "10:00", *, day: date = DAY) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE).astimezone(UTC)


def step(code: str = "CM-DMRU", *, starts: str = "05:00", **values: Any) -> StepFacts:
    made = StepFacts(
        code=code,
        expected_at=at(starts),
        grace=timedelta(minutes=30),
        expected=timedelta(minutes=130),
        longest=timedelta(minutes=240),
        rps_floor=20,
    )
    return replace(made, **values)


def run(
    code: str = "CM-DMRU",
    state: RunState = RunState.RUNNING,
    *,
    began: str = "05:00",
    **values: Any,
) -> RunFacts:
    given: dict[str, Any] = {
        "key": f"{code} 1/0",
        "batch_code": code,
        "business_date": DAY,
        "state": state,
        "status_code": CODES.get(state, "xx"),
        "started_at": at(began),
        "since": at(began),
        "moved_at": at(began),
        "records_processed": 1000,
    }
    return RunFacts(**given | values)


def complete(code: str = "CM-DMRU", *, began: str = "05:00", ended: str, **values: Any) -> RunFacts:
    return run(code, RunState.COMPLETE, began=began, ended_at=at(ended), **values)


def usual(n: int = 20, **values: Any) -> Usual:
    given: dict[str, Any] = {
        "runs": n,
        "runs_with_records": n,
        "days": "ordinary days, Wednesdays",
        "first_date": date(2026, 1, 7),
        "last_date": date(2026, 11, 11),
    }
    return Usual(**given | values)


def polls(*pending: int, until: str = "10:00") -> tuple[PollFacts, ...]:
    """Return readings a quarter of an hour apart, the last one at `until`."""
    last = at(until)
    n = len(pending)
    return tuple(PollFacts(last - (n - 1 - i) * QUARTER, each) for i, each in enumerate(pending))


def book(rule: str, *, of: str = "", **terms: Any) -> Rulebook:
    return Rulebook([Setting(rule, of, Terms(**terms))])


def picture(
    *runs: RunFacts,
    steps: Sequence[StepFacts] = (),
    clock: str = "10:00",
    usually: Usual | None = None,
    **values: Any,
) -> Picture:
    """Return a picture in which these runs are all there are; `usually` holds for each of them."""
    today: dict[str, list[RunFacts]] = {}
    for each in runs:
        today.setdefault(each.batch_code, []).append(each)
    done = [each for each in runs if each.state is RunState.COMPLETE]
    given: Mapping[str, Any] = {
        "at": at(clock),
        "zone": ZONE,
        "day": DAY,
        "steps": {each.code: each for each in steps or [step()]},
        "polls": polls(0, until=clock),
        "runs": [each for each in runs if each not in done],
        "today": today,
        "last_complete": {each.batch_code: each for each in done},
        "usual": {(each.batch_code, each.business_date): usually for each in runs if usually},
    }
    return Picture(**{**given, **values})


def found(rule: str, seen: Picture) -> list[Finding]:
    return judge(seen)[rule]


def keys(rule: str, seen: Picture) -> list[str]:
    return [finding.key for finding in found(rule, seen)]
