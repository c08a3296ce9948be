"""Show the runs grid: business days by steps, how each went and how long it took."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from batchops.access import AuthenticatedHttpRequest
from batchops.looks import Look
from batchops.pages import page, render_page
from monitoring import performance, queries
from monitoring.calendar import day_calendar
from monitoring.models import DayKind, Step
from monitoring.pages.asking import VIEW, checked
from monitoring.performance import StepDayFacts
from monitoring.queries import Freshness
from monitoring.serializers import GridAsked
from monitoring.step_history import look_of_day

SHOWN = timedelta(days=14)


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


@page(VIEW)
def runs_grid(request: AuthenticatedHttpRequest) -> HttpResponse:
    shown = {"title": gettext("Runs by day and step"), **_grid(request)}
    return render_page(request, "monitoring/grid.html", shown)


@page(VIEW)
def grid_fragment(request: AuthenticatedHttpRequest) -> HttpResponse:
    return TemplateResponse(request, "monitoring/_grid.html", _grid(request))


def _grid(request: AuthenticatedHttpRequest) -> dict[str, Any]:
    fresh = queries.freshness(timezone.now())
    today, first_day = fresh.today, queries.first_day() or fresh.today
    last_day = min(checked(GridAsked, request).validated_data.get("until") or today, today)
    codes = list(Step.objects.values_list("batch_code", flat=True))
    before, after = last_day - SHOWN, last_day + SHOWN
    return {
        "fresh": fresh,
        "query": request.GET.urlencode(),
        "codes": codes,
        "rows": _rows(codes, last_day, fresh),
        "older": before if before >= first_day else None,
        "newer": min(after, today) if last_day < today else None,
    }


def _rows(codes: Sequence[str], last_day: date, fresh: Freshness) -> list[Row]:
    """Return the days that have runs, the newest first."""
    facts = performance.days_of(codes, last_day=last_day, days=SHOWN.days)
    days: dict[date, dict[str, StepDayFacts]] = defaultdict(dict)
    for one in facts:
        days[one.day][one.batch_code] = one
    longest = {
        code: max((o.seconds or 0 for o in facts if o.batch_code == code), default=0)
        for code in codes
    }
    spans = {
        day: _span_s(steps.values()) if day < fresh.today else None for day, steps in days.items()
    }
    longest_span = max((span or 0 for span in spans.values()), default=0)
    known = day_calendar(fresh.config)
    return [
        Row(
            day,
            known.kind_of(day),
            Cell(gettext("First start to last end"), spans[day], _share(spans[day], longest_span)),
            [_cell(code, days[day].get(code), longest[code], fresh) for code in codes],
        )
        for day in sorted(days, reverse=True)
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
        return reverse("admin:run", args=[facts.run_ids[0]])
    asked = {"batchCode": facts.batch_code, "startDate": facts.day, "endDate": facts.day}
    return f"{reverse('admin:runs')}?{urlencode(asked)}"
