"""Find steps that did not start in time, or before what they depend on was complete."""

from typing import Any

from alerts.states import Finding, Severity
from monitoring.rules.facts import Picture, RunFacts, StepFacts
from monitoring.rules.wording import clock
from monitoring.states import LOOKS


def not_started(picture: Picture) -> list[Finding]:
    """Find steps without any run on the business day when their grace is over.

    Of a step that runs several times the first run of the day counts.
    """
    return [
        _not_started(step, picture)
        for step in picture.steps.values()
        if picture.at > step.expected_at + step.grace and not _runs_of(step.code, picture)
    ]


def out_of_order(picture: Picture) -> list[Finding]:
    """Find steps that ran on the business day though what they depend on was never complete.

    Steps that run several times a day are left out: they run whenever there is work.
    """
    found = (_out_of_order(step, picture) for step in picture.steps.values())
    return [finding for finding in found if finding]


def _runs_of(code: str, picture: Picture) -> list[RunFacts]:
    """Return the step's runs of the day; what was cancelled before it began is none."""
    return [run for run in picture.today.get(code, ()) if run.state != "cancelled"]


def _not_started(step: StepFacts, picture: Picture) -> Finding:
    late = picture.at - step.expected_at
    expected = clock(step.expected_at, picture.zone)
    return Finding(
        **_of_day(step, picture),
        severity=Severity.WARNING,
        message=f"Batch {step.code} has not started. It was expected at {expected}."
        f"{_waits_for(step, picture)}",
        evidence={
            "expected": {
                "start_at": step.expected_at.isoformat(),
                "grace_s": step.grace.total_seconds(),
            },
            "seen": {
                "read_at": picture.at.isoformat(),
                "runs_of_the_day": 0,
                "late_by_s": late.total_seconds(),
                "depends_on": _state_of(step.depends_on, picture),
            },
        },
        subject=step.code,
    )


def _out_of_order(step: StepFacts, picture: Picture) -> Finding | None:
    begun = [run for run in picture.today.get(step.code, ()) if run.has_begun]
    needs = step.depends_on
    if step.repeats or not begun or needs not in picture.steps or picture.complete_today(needs):
        return None
    first = min(begun, key=lambda run: run.started_at)
    return Finding(
        **_of_day(step, picture),
        severity=Severity.INFO,
        message=f"Batch {step.code} started at {clock(first.started_at, picture.zone)}, before "
        f"{needs} was complete. See whether it worked on what it needs.",
        evidence={
            "expected": {"complete_before_it_starts": needs},
            "seen": {
                "started_at": first.started_at.isoformat(),
                "depends_on": _state_of(needs, picture),
            },
        },
        subject=first.key,
        subject_url=first.url,
    )


def _of_day(step: StepFacts, picture: Picture) -> dict[str, Any]:
    return {
        "key": step.code,
        "batch_code": step.code,
        "business_date": picture.day,
        "occurrence": picture.day.isoformat(),
    }


def _waits_for(step: StepFacts, picture: Picture) -> str:
    if not step.depends_on or picture.complete_today(step.depends_on):
        return " Start it, or find out what holds it."
    return f" It waits for {_state_of(step.depends_on, picture)}."


def _state_of(code: str, picture: Picture) -> str | None:
    """Write how another step stands today, None where there is none."""
    if not code:
        return None
    runs = picture.today.get(code, ())
    if picture.complete_today(code):
        return f"{code} (complete)"
    if not runs:
        return f"{code} (no run today)"
    last = max(runs, key=lambda run: run.started_at)
    pending = picture.polls[-1].pending_imd if picture.polls else None
    if last.state == "complete":
        return f"{code} ({pending} IMDs pending)"
    return f"{code} ({LOOKS[last.state].label.lower()})"
