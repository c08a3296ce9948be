"""Ask how good the forecasts of past days would have been, each from the days before it alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isinf
from statistics import fmean

from monitoring.forecast.facts import PastDay
from monitoring.forecast.history import ENOUGH, basis_for
from monitoring.forecast.outlook import Band, Outlook, look_ahead
from monitoring.forecast.record import DayRecord

PARTS = (0, 25, 50, 75)  # of a hundred, of the day's course or a step's run
RIVALS = ("yesterday", "mean", "weekday")
WHOLE_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Warned:
    """When a deadline counts as at risk: over a chance, at so many forecasts in a row."""

    over_pct: float
    in_a_row: int


@dataclass(frozen=True, slots=True)
class Tested:
    """What was forecast of one thing, the day or a step, and when it was done.

    `bands` are by the part of its course that had passed, `rivals` what the naive say.
    """

    done_s: float | None
    bands: Mapping[int, Band] = field(default_factory=dict)
    rivals: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DayTested:
    """How the forecasts of one day come out; `announced_s` is when the deadline was at risk.

    `days` is how many comparable days there were; 0 on a day without a run.
    """

    whole: Tested
    steps: Mapping[str, Tested]
    days: int
    announced_s: float | None = None

    @property
    def told(self) -> bool:
        """Whether there was history enough to say anything."""
        return self.days >= ENOUGH


def back_test(record: DayRecord, history: Sequence[PastDay], warned: Warned) -> DayTested:
    """Return how forecasts of a day that is over come out, made as the day went.

    Of `history` only earlier days are used, of the day itself only what was known at the time.
    """
    basis = basis_for(record.day, record.kind, history)
    before = [past for past in history if past.day < record.day]
    past = record.past()
    done_s = None if past is None or isinf(past.finished_s) else past.finished_s
    outlooks: list[Outlook] = []
    if basis.enough and past is not None:
        instants = record.instants(WHOLE_DAY_S if done_s is None else done_s)
        outlooks = [look_ahead(record.now(at_s), basis) for at_s in instants]
    return DayTested(
        whole=Tested(
            done_s, _bands(outlooks, 0.0, done_s, _whole), _rivals(before, record, _finished_s)
        ),
        steps=_steps(record, past, before, outlooks),
        days=basis.found if past else 0,
        announced_s=_announced_s(outlooks, warned),
    )


def _steps(
    record: DayRecord,
    past: PastDay | None,
    before: Sequence[PastDay],
    outlooks: Sequence[Outlook],
) -> dict[str, Tested]:
    found: dict[str, Tested] = {}
    for code, step in past.steps.items() if past else ():
        if isinf(step.took_s):
            continue
        began_s = step.done_s - step.took_s
        bands = _bands(outlooks, began_s, step.done_s, _of_step(code))
        found[code] = Tested(step.done_s, bands, _rivals(before, record, _done_s(code)))
    return found


def _bands(
    outlooks: Sequence[Outlook],
    began_s: float,
    done_s: float | None,
    band_of: Callable[[Outlook], Band | None],
) -> dict[int, Band]:
    """Return the last forecast made until each part of the course had passed.

    The first one is made before it begins; later ones count if they were made while it ran.
    """
    found: dict[int, Band] = {}
    for part in PARTS if done_s is not None else ():
        until_s = began_s + ((done_s or 0.0) - began_s) * part / 100
        made = [each for each in outlooks if each.at_s <= until_s]
        if made and (part == 0 or made[-1].at_s >= began_s) and (band := band_of(made[-1])):
            found[part] = band
    return found


def _whole(outlook: Outlook) -> Band | None:
    return outlook.band


def _of_step(code: str) -> Callable[[Outlook], Band | None]:
    def band(outlook: Outlook) -> Band | None:
        return next((step.band for step in outlook.steps if step.code == code), None)

    return band


def _finished_s(past: PastDay) -> float | None:
    return None if isinf(past.finished_s) else past.finished_s


def _done_s(code: str) -> Callable[[PastDay], float | None]:
    def done_s(past: PastDay) -> float | None:
        step = past.steps.get(code)
        return None if step is None or isinf(step.done_s) else step.done_s

    return done_s


def _rivals(
    before: Sequence[PastDay], record: DayRecord, done_of: Callable[[PastDay], float | None]
) -> dict[str, float]:
    """Return what is said without any reckoning: as last time, as on average, as last week."""
    known = [(past.day, done_s) for past in before if (done_s := done_of(past)) is not None]
    if not known:
        return {}
    known.sort()
    alike = [done_s for day, done_s in known if day.weekday() == record.day.weekday()]
    found = {"yesterday": known[-1][1], "mean": fmean(done_s for _, done_s in known)}
    return found | ({"weekday": alike[-1]} if alike else {})


def _announced_s(outlooks: Sequence[Outlook], warned: Warned) -> float | None:
    in_a_row = 0
    for outlook in outlooks:
        band = outlook.band
        at_risk = band is not None and (band.miss_pct or 0.0) > warned.over_pct
        in_a_row = in_a_row + 1 if at_risk and outlook.finished_s is None else 0
        if in_a_row >= warned.in_a_row:
            return outlook.at_s
    return None
