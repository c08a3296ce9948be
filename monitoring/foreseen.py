"""Say how a forecast stands, in people's words: how likely, from which days, why it changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from batchops.looks import Look
from batchops.templatetags.batchops import duration
from monitoring.forecast.history import ENOUGH
from monitoring.models import Forecast, RuleSetting
from monitoring.outlook import compared_days, last_forecast
from monitoring.rules.catalogue import Rulebook
from monitoring.rules.deadlines import RULE
from monitoring.states import LOOKS, RunState

LOOK_OF = {
    "done": LOOKS[RunState.COMPLETE],
    "running": LOOKS[RunState.RUNNING],
    "failed": LOOKS[RunState.FAILED],
    "waiting": LOOKS[RunState.PENDING],
}
BASIS = {
    "done": _("It is done."),
    "records": _("By its records so far, their pace, and how long past days took."),
    "drain": _("By what is pending and how fast it drains."),
    "time": _("By the time it has taken so far, among past days that took longer."),
    "overrun": _("It has overrun all comparable days: by the time it has taken so far."),
    "still": _(
        "It has failed or stands still: taken that it does so for as long again, then goes on."
    ),
    "waits": _("As late and as long as on past days, once what it waits for is done."),
}
CAUSES = {
    ("starts", True): _("%(step)s starts %(span)s later than expected before"),
    ("starts", False): _("%(step)s starts %(span)s earlier than expected before"),
    ("takes", True): _("%(step)s takes %(span)s longer than expected before"),
    ("takes", False): _("%(step)s takes %(span)s less than expected before"),
}


@dataclass(frozen=True, slots=True)
class StepForeseen:
    """One step of a forecast, its moments read."""

    code: str
    look: Look
    basis: str
    days: int
    start_at: datetime
    p10_at: datetime
    p50_at: datetime
    p90_at: datetime
    deadline_at: datetime | None
    chance: str

    @property
    def done(self) -> bool:
        return self.look.code == RunState.COMPLETE


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A forecast as people read it; `tone` says how bad its chance of missing the deadline is."""

    forecast: Forecast
    tone: str

    @property
    def enough(self) -> bool:
        """Whether there was history enough to say anything."""
        return self.forecast.p50_at is not None

    @property
    def wanted(self) -> int:
        """How many comparable days it takes to say anything."""
        return ENOUGH

    @property
    def chance(self) -> str:
        return in_words(self.forecast.miss_pct)

    @property
    def missed(self) -> bool | None:
        """Whether the deadline was missed, None while the day is not done."""
        finished_at = self.forecast.finished_at
        return None if finished_at is None else finished_at > self.forecast.deadline_at

    @property
    def compared(self) -> str:
        return compared_days(self.forecast)

    @property
    def first_day(self) -> date | None:
        first = self.forecast.compared.get("from")
        return date.fromisoformat(first) if first else None

    @property
    def last_day(self) -> date | None:
        last = self.forecast.compared.get("to")
        return date.fromisoformat(last) if last else None

    @property
    def because(self) -> list[str]:
        """Why the median is another than in the forecast before, the greatest cause first."""
        return [_cause(each) for each in self.forecast.because]

    @property
    def steps(self) -> list[StepForeseen]:
        return [_step(each) for each in self.forecast.steps]


def foreseen(day: date) -> Foreseen | None:
    """Return the newest forecast of a business day as people read it, None without one."""
    forecast = last_forecast(day)
    return as_foreseen([forecast])[0] if forecast else None


def as_foreseen(forecasts: list[Forecast]) -> list[Foreseen]:
    """Return forecasts as people read them; tones go by the thresholds of the rule."""
    book = Rulebook(each.read() for each in RuleSetting.objects.select_related("step"))
    terms = book.terms(RULE).thresholds
    return [Foreseen(forecast, _tone(forecast, terms)) for forecast in forecasts]


def in_words(chance_pct: float | None) -> str:
    """Write a chance; of few days none is certain. Empty for None."""
    if chance_pct is None:
        return ""
    if chance_pct < 1:
        return gettext("under 1 %")
    return gettext("over 99 %") if chance_pct > 99 else f"{chance_pct:.0f} %"


def _tone(forecast: Forecast, terms: Mapping[str, int]) -> str:
    chance = forecast.miss_pct
    if chance is None:
        return "unknown"
    if chance > terms["critical_pct"]:
        return "bad"
    if chance > terms["risk_pct"]:
        return "warn"
    return "ok" if forecast.finished_at else "neutral"


def _cause(cause: Mapping[str, Any]) -> str:
    said = CAUSES[cause["what"], cause["by_s"] > 0]
    return str(said) % {
        "step": cause["code"],
        "span": duration(timedelta(seconds=abs(cause["by_s"]))),
    }


def _step(step: Mapping[str, Any]) -> StepForeseen:
    deadline_at = step["deadline_at"]
    return StepForeseen(
        code=step["code"],
        look=LOOK_OF[step["state"]],
        basis=str(BASIS[step["basis"]]),
        days=step["days"],
        deadline_at=datetime.fromisoformat(deadline_at) if deadline_at else None,
        chance=in_words(step["miss_pct"]),
        **{
            name: datetime.fromisoformat(step[name])
            for name in ("start_at", "p10_at", "p50_at", "p90_at")
        },
    )
