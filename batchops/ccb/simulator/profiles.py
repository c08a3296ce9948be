"""Say how each batch of the simulated site behaves, on which kind of day and in which years."""

from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from math import exp, pi, sin

from batchops.ccb.errors import UnknownScenario


@dataclass(frozen=True, slots=True)
class Profile:
    """One batch code: how much it does, how fast, in how many threads.

    `records` is the ordinary amount of one run and `per_second` its pace over all threads; a
    batch without records has `minutes` instead. `month_end` and `holiday` multiply the amount on
    such days; one that is not `weekly` does the same on every day of the week.
    """

    code: str
    description: str
    starts: time
    threads: int
    commit: int
    records: int = 0
    per_second: float = 0.0
    minutes: float = 0.0
    month_end: float = 1.0
    holiday: float = 1.0
    weekly: bool = True
    error_rate: float = 0.0
    timed: bool = False


READS = Profile(
    "CM-DMRU",
    "First Reads Batch",
    time(5, 0),
    10,
    200,
    937_500,
    125.0,
    weekly=False,
    error_rate=0.00002,
)
IMD = Profile(
    "D1-IMD", "D1-IMD Process", time(7, 0), 8, 100, 70_000, 38.0, weekly=False, error_rate=0.0005
)
PREPAY = Profile("C1-PPBTR", "Prepay Biller Task", time(9, 30), 4, 50, 15_000, 12.5, holiday=0.85)
FLUSH = Profile("F1-FLUSH", "Flush Batch", time(10, 0), 1, 1, minutes=2.5, timed=True)
SEGMENTS = Profile(
    "CM_BSGGN",
    "Bill Segment Creation",
    time(11, 0),
    10,
    100,
    300_000,
    41.7,
    month_end=1.35,
    holiday=0.8,
    error_rate=0.0001,
)
MESSAGES = Profile(
    "BILLREST", "SMS Batch", time(14, 0), 4, 50, 62_000, 23.0, month_end=1.3, holiday=0.75
)

PROFILES = (READS, IMD, PREPAY, FLUSH, SEGMENTS, MESSAGES)

# Friday and Saturday are the weekend in Dhaka.
WEEKDAY_FACTORS = (1.03, 1.0, 1.0, 0.99, 0.84, 0.9, 1.04)
# Those of Bangladesh that have a fixed date.
HOLIDAYS = {(2, 21), (3, 26), (4, 14), (5, 1), (12, 16), (12, 25)}
LAST_DAYS, FIRST_DAYS = 2, 1  # of a month and of the next, which are its end
ORDINARY, MONTH_END, HOLIDAY = "ordinary", "month end", "holiday"


@dataclass(frozen=True, slots=True)
class Pattern:
    """How the site's amounts and paces go over the years.

    Amounts swing by `drift` up and down within `DRIFT_DAYS`; `spike` multiplies what a month's
    end adds; a share of `slow_runs` takes longer than usual, by a Pareto law, at most
    `slowest` times.
    """

    drift: float = 0.0
    spike: float = 1.0
    slow_runs: float = 0.0
    slowest: float = 1.0


DRIFT_DAYS = 730
PATTERNS = {
    "steady": Pattern(),
    "drifting": Pattern(drift=0.2, spike=2.2, slow_runs=0.06, slowest=2.5),
}
STEADY = PATTERNS["steady"]


def require_pattern(name: str) -> str:
    """Return the name of a pattern as it was given.

    :raises UnknownScenario: when there is none of that name; the sentence lists those there are.
    """
    if name not in PATTERNS:
        raise UnknownScenario(f"'{name}' is no pattern. Choose one of: {', '.join(PATTERNS)}.")
    return name


def class_of(day: date) -> str:
    """Return whether the day is ordinary, a month's end or a holiday; the end comes first."""
    if (day + timedelta(days=LAST_DAYS)).month != day.month or day.day <= FIRST_DAYS:
        return MONTH_END
    return HOLIDAY if (day.month, day.day) in HOLIDAYS else ORDINARY


def amount_factor(profile: Profile, day: date, *, kind: str, pattern: Pattern) -> float:
    """Return how much more or less than ordinary the batch has to do on that kind of day."""
    factor = WEEKDAY_FACTORS[day.weekday()] if profile.weekly else 1.0
    if kind == MONTH_END:
        factor *= 1 + (profile.month_end - 1) * pattern.spike
    elif kind == HOLIDAY:
        factor *= profile.holiday
    return factor * exp(pattern.drift * sin(2 * pi * day.toordinal() / DRIFT_DAYS))


def at_pace(profile: Profile, pace: float) -> Profile:
    """Return the batch as it is when it works `pace` times as fast."""
    return replace(profile, per_second=profile.per_second * pace, minutes=profile.minutes / pace)
