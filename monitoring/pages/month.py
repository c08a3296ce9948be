"""Show a month as a calendar: how each business day went."""

from calendar import Calendar
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format, get_format
from django.utils.translation import gettext, gettext_noop

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

WORST = ("bad", "unknown", "warn", "info", "neutral", "violet", "ok")  # the first tone wins
LONGEST_MONTH = 31
SO_FAR = Look("so_far", gettext_noop("So far"), "neutral", "clock")


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of the month: its class, how it stands (None: nothing ran), how many steps did."""

    day: date
    kind: DayKind
    look: Look | None
    steps: int
    took_s: int


@page(VIEW)
def runs_calendar(request: AuthenticatedHttpRequest) -> HttpResponse:
    shown = {"title": gettext("Runs by month"), **_month(request)}
    return render_page(request, "monitoring/month.html", shown)


@page(VIEW)
def calendar_fragment(request: AuthenticatedHttpRequest) -> HttpResponse:
    return TemplateResponse(request, "monitoring/_month.html", _month(request))


def _month(request: AuthenticatedHttpRequest) -> dict[str, Any]:
    fresh = queries.freshness(timezone.now())
    today, first_day = fresh.today, queries.first_day() or fresh.today
    shown = min(checked(GridAsked, request).validated_data.get("until") or today, today)
    first = shown.replace(day=1)
    before = first - timedelta(days=1)
    after = (first + timedelta(days=LONGEST_MONTH)).replace(day=1)
    weeks = _weeks(first, fresh)
    return {
        "fresh": fresh,
        "query": request.GET.urlencode(),
        "first": first,
        "weekdays": [date_format(cell.day, "D") for cell in weeks[0]],
        "weeks": weeks,
        "older": before if before >= first_day else None,
        "newer": after if after <= today else None,
    }


def _weeks(first: date, fresh: Freshness) -> list[list[Cell]]:
    """Return the weeks that touch the month, each from the locale's first weekday on."""
    # Django counts weekdays from Sunday, the calendar from Monday.
    known = day_calendar(fresh.config)
    weeks = Calendar((int(get_format("FIRST_DAY_OF_WEEK")) - 1) % 7)
    days = weeks.monthdatescalendar(first.year, first.month)
    codes = list(Step.objects.values_list("batch_code", flat=True))
    by_day: dict[date, list[StepDayFacts]] = defaultdict(list)
    for one in performance.days_of(codes, last_day=days[-1][-1], days=7 * len(days)):
        by_day[one.day].append(one)
    cells = [[_cell(day, known.kind_of(day), by_day[day], fresh) for day in week] for week in days]
    return [[_so_far(cell, len(codes), fresh) for cell in week] for week in cells]


def _so_far(cell: Cell, steps: int, fresh: Freshness) -> Cell:
    """Return today's cell as one that is not good yet while steps are still to come."""
    is_good_so_far = cell.look is not None and cell.look.tone == "ok" and cell.steps < steps
    return replace(cell, look=SO_FAR) if cell.day == fresh.today and is_good_so_far else cell


def _cell(day: date, kind: DayKind, facts: Sequence[StepDayFacts], fresh: Freshness) -> Cell:
    looks = [look_of_day(one, fresh) for one in facts]
    worst = min(looks, key=lambda look: WORST.index(look.tone), default=None)
    return Cell(day, kind, worst, len(facts), sum(one.seconds or 0 for one in facts))
