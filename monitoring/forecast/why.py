"""Say what moved the median of a forecast since the one before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitoring.forecast.facts import StepPlan

LEAST_S = 60.0


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when a step was expected to run, in the median."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Cause:
    """What moved the whole: a step `starts` or `takes` `by_s` more than was expected before."""

    code: str
    what: str
    by_s: float


def causes(
    plans: Sequence[StepPlan],
    before: Mapping[str, Span],
    now: Mapping[str, Span],
    *,
    later_s: float,
) -> list[Cause]:
    """Return what moved by a minute or more on the way to the last step, the greatest first.

    A step that begins later only because what it waits for ends later is not a cause; nor is what
    made up for some of it, where the whole came `later_s`, below 0 when it came earlier.
    """
    by_code = {plan.code: plan for plan in plans}
    found: list[Cause] = []
    for code in _chain(by_code, now):
        if code in before and code in now:
            found += _of_step(by_code[code], before, now)
    large = [one for one in found if abs(one.by_s) >= LEAST_S and one.by_s * later_s > 0]
    return sorted(large, key=lambda cause: -abs(cause.by_s))


def _chain(plans: Mapping[str, StepPlan], now: Mapping[str, Span]) -> list[str]:
    """Return the step that ends last, and all that it waits for."""
    known = [code for code in plans if code in now]
    code = max(known, key=lambda each: now[each].end_s, default="")
    chain: list[str] = []
    while code in plans and code not in chain:
        chain.append(code)
        code = plans[code].depends_on
    return chain


def _of_step(plan: StepPlan, before: Mapping[str, Span], now: Mapping[str, Span]) -> list[Cause]:
    was, is_now = before[plan.code], now[plan.code]
    freed_s = _ready_s(plan, now) - _ready_s(plan, before)
    starts_s = is_now.start_s - was.start_s - freed_s
    takes_s = (is_now.end_s - is_now.start_s) - (was.end_s - was.start_s)
    return [Cause(plan.code, "starts", starts_s), Cause(plan.code, "takes", takes_s)]


def _ready_s(plan: StepPlan, spans: Mapping[str, Span]) -> float:
    above = spans.get(plan.depends_on)
    return max(plan.expected_s, above.end_s) if above else plan.expected_s
