"""Set what was forecast of a business day beside what came: the day's first forecast, and its last.

The first one is the longest look ahead, and so the one that planning went by.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext

from batchops.templatetags.batchops import duration
from batchops.web.reports.lateness import clock
from monitoring.comparable import ENOUGH
from monitoring.foreseen import in_words as chance_in_words
from monitoring.models import Forecast
from monitoring.outlook import compared_days, first_forecast, last_forecast


@dataclass(frozen=True, slots=True)
class Compared:
    """When something was to be done, in 10, 50 and 90 of 100 cases, and when it was.

    `done_at` is None while it is not done; `code` is empty for the whole day.
    """

    code: str
    p10_at: datetime
    p50_at: datetime
    p90_at: datetime
    done_at: datetime | None

    @property
    def off_s(self) -> float | None:
        """Seconds from the median to its end, below 0 when it was earlier; None while open."""
        return (self.done_at - self.p50_at).total_seconds() if self.done_at else None

    @property
    def said(self) -> str:
        """Say how near the forecast came."""
        if self.done_at is None or self.off_s is None:
            return gettext("not done")
        off = duration(abs(self.off_s))
        if not self.p10_at <= self.done_at <= self.p90_at:
            words = (
                gettext("outside: %s later") if self.off_s > 0 else gettext("outside: %s earlier")
            )
            return words % off
        words = gettext("%s later than the median")
        return (words if self.off_s >= 0 else gettext("%s earlier than the median")) % off


@dataclass(frozen=True, slots=True)
class ForecastPart:
    """The forecasts of one business day; without any, or without enough history, `lines` is empty.

    The first line is of the whole day. `first` and `last` are the day's first and newest forecast.
    """

    first: Forecast | None
    last: Forecast | None
    lines: Sequence[Compared]

    @property
    def said(self) -> str:
        """Say when the forecast was made and from what, or why there is none."""
        if self.first is None:
            return gettext("No forecast was stored for this day.")
        if not self.lines:
            said = gettext("There is no forecast: not enough history (%(n)d of %(of)d days).")
            return said % {"n": self.first.days, "of": ENOUGH}
        said = gettext("As forecast at %(at)s from %(n)d days: %(days)s.")
        days = compared_days(self.first)
        return said % {"at": clock(self.first.at), "n": self.first.days, "days": days}

    @property
    def ahead(self) -> str:
        """Say when the newest forecast expects the day to be done; empty once it is, or unknown."""
        last = self.last
        if last is None or last.finished_at or not (last.p10_at and last.p50_at and last.p90_at):
            return ""
        said = gettext(
            "As of %(at)s, all steps are expected to be done at %(p50)s (between %(p10)s and "
            "%(p90)s in 80 of 100 cases), with a chance of %(miss)s to miss the deadline."
        )
        return said % {
            "at": clock(last.at),
            "p10": clock(last.p10_at),
            "p50": clock(last.p50_at),
            "p90": clock(last.p90_at),
            "miss": chance_in_words(last.miss_pct),
        }


def forecasts_of(day: date) -> ForecastPart:
    """Return the forecasts of `day` beside what came: when each step was done, and the whole.

    A step is done when forecasts count it so: with its first complete run, or when it has drained
    what waits. The newest forecast says when that was.
    """
    first, last = first_forecast(day), last_forecast(day)
    if first is None or last is None or not (first.p10_at and first.p50_at and first.p90_at):
        return ForecastPart(first, last, [])
    done = {
        step["code"]: datetime.fromisoformat(step["p50_at"])
        for step in last.steps
        if step["basis"] == "done"
    }
    whole = Compared("", first.p10_at, first.p50_at, first.p90_at, last.finished_at)
    return ForecastPart(
        first, last, [whole, *(_of_step(step, done.get(step["code"])) for step in first.steps)]
    )


def _of_step(step: Mapping[str, str], done_at: datetime | None) -> Compared:
    p10_at, p50_at, p90_at = (
        datetime.fromisoformat(step[name]) for name in ("p10_at", "p50_at", "p90_at")
    )
    return Compared(step["code"], p10_at, p50_at, p90_at, done_at)
