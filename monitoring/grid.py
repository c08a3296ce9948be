"""Reckon the runs grid: business days by steps, how each went and how long it took."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.utils.translation import gettext

from batchops.looks import Look
from batchops.templatetags.batchops import address
from monitoring import performance
from monitoring.calendar import day_calendar
from monitoring.models import DayKind
from monitoring.performance import StepDayFacts
from monitoring.queries import Freshness
from monitoring.step_history import look_of_day


@dataclass(frozen=True, slots=True)
class Cell:
    """One step, or the whole workflow, on one day.

    `share_pct` is how long it took against the longest shown; without a look nothing ran.
    """

    label: str
    took_s: float | None = None
    share_pct: float = 0
    look: Look | None = None
    runs: int = 0
    href: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One business day: its class, the time from its first start to its last end, its steps.

    Of a day that goes on nobody knows the last end.
    """

    day: date
    kind: DayKind
    whole: Cell
    cells: Sequence[Cell]


def rows_of(codes: Sequence[str], fresh: Freshness, *, last_day: date, days: int) -> list[Row]:
    """Return the days that have runs among the last `days`, the newest first; some queries."""
    facts = performance.days_of(codes, last_day=last_day, days=days)
    by_day: dict[date, dict[str, StepDayFacts]] = defaultdict(dict)
    for one in facts:
        by_day[one.day][one.batch_code] = one
    longest = {
        code: max((o.seconds or 0 for o in facts if o.batch_code == code), default=0)
        for code in codes
    }
    spans = {
        day: _span_s(steps.values()) if day < fresh.today else None for day, steps in by_day.items()
    }
    longest_span = max((span or 0 for span in spans.values()), default=0)
    known = day_calendar(fresh.config)
    return [
        Row(
            day,
            known.kind_of(day),
            Cell(gettext("First start to last end"), spans[day], _share(spans[day], longest_span)),
            [_cell(code, by_day[day].get(code), longest[code], fresh) for code in codes],
        )
        for day in sorted(by_day, reverse=True)
    ]


def _cell(code: str, facts: StepDayFacts | None, longest: float, fresh: Freshness) -> Cell:
    if facts is None:
        return Cell(code)
    look = look_of_day(facts, fresh)
    share = _share(facts.seconds, longest)
    return Cell(code, facts.seconds, share, look, facts.runs, _address(facts))


def _share(took_s: float | None, longest: float) -> float:
    return round(100 * (took_s or 0) / (longest or 1), 1)


def _span_s(steps: Collection[StepDayFacts]) -> float | None:
    """Return the seconds from a day's first start to its last end, None before the first end."""
    began = min(one.first_started_at for one in steps)
    ends = [one.last_ended_at for one in steps if one.last_ended_at]
    return (max(ends) - began).total_seconds() if ends else None


def _address(facts: StepDayFacts) -> str:
    """Return where the step's runs of the day are: its only run, else the list of them."""
    if facts.runs == 1:
        return address("admin:run", facts.run_ids[0])
    asked = {"batchCode": facts.batch_code, "startDate": facts.day, "endDate": facts.day}
    return f"{address('admin:runs')}?{urlencode(asked)}"
