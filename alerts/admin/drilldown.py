"""Lead from years to months to days, by probing an index instead of reading every date."""

from collections.abc import Container, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext

from alerts import listing

PARTS = ("year", "month", "day")
FORMATS = ("Y", "YEAR_MONTH_FORMAT", "MONTH_DAY_FORMAT")


def drill_down(cl: ChangeList) -> dict[str, Any]:
    """Return what the stock template of the date hierarchy shows of when alerts opened.

    What it offers has alerts, whatever else the list is narrowed down to.
    """
    ends = listing.first_and_last()
    if ends is None:
        return {"show": False}
    chosen = [int(cl.params[name]) for part in PARTS if (name := _name(part)) in cl.params]
    if len(chosen) == len(PARTS):
        choices = [{"title": _title(date(*chosen), 2)}]
    else:
        level = chosen or _only_year(*ends)
        choices = [
            {
                "title": _title(day, len(level)),
                "link": _link(cl, [day.year, day.month, day.day][: len(level) + 1]),
            }
            for day in listing.days_with_alerts(_begins(level, *ends))
        ]
    return {"show": True, "back": _back(cl, chosen), "choices": choices}


def require_level(asked: Container[str]) -> None:
    """Pass when dates are asked for from the year down: a year, its month, a day of that, or none.

    :raises ValueError: when a month or a day stands there without what it is of.
    """
    given = [_name(part) in asked for part in PARTS]
    if given != sorted(given, reverse=True):
        raise ValueError("A month needs its year, and a day its month.")


def _only_year(first: datetime, last: datetime) -> list[int]:
    return [first.year] if first.year == last.year else []


def _begins(level: Sequence[int], first: datetime, last: datetime) -> list[date]:
    """Return where the periods of a level begin, and where the last one ends."""
    if not level:
        return [date(year, 1, 1) for year in range(first.year, last.year + 2)]
    year = level[0]
    if not first.year <= year <= last.year:
        return []
    if len(level) == 1:
        return [*(date(year, month, 1) for month in range(1, 13)), date(year + 1, 1, 1)]
    begin = date(year, level[1], 1)
    end = (begin + timedelta(days=31)).replace(day=1)
    return [begin + timedelta(days=n) for n in range((end - begin).days + 1)]


def _back(cl: ChangeList, chosen: Sequence[int]) -> dict[str, str] | None:
    if not chosen:
        return None
    above = chosen[:-1]
    title = gettext("All dates")
    if above:
        title = _title(date(*above, *[1] * (3 - len(above))), len(above) - 1)
    return {"link": _link(cl, above), "title": title}


def _link(cl: ChangeList, chosen: Sequence[int]) -> str:
    wanted = dict(zip(map(_name, PARTS), map(str, chosen), strict=False))
    return cl.get_query_string(wanted, [_name("")])


def _title(day: date, level: int) -> str:
    return capfirst(date_format(day, FORMATS[level]))


def _name(part: str) -> str:
    return f"opened_at__{part}"
