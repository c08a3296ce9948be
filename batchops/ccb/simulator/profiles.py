"""Say how each batch of the simulated site behaves on an ordinary day."""

from dataclasses import dataclass
from datetime import date, time, timedelta


@dataclass(frozen=True, slots=True)
class Profile:
    """One batch code: how much it does, how fast, in how many threads.

    `records` is the ordinary amount of one run and `per_second` its pace over all threads; a
    batch without records has `minutes` instead. `month_end` multiplies the amount around the
    turn of a month.
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
    error_rate: float = 0.0
    timed: bool = False


READS = Profile(
    "CM-DMRU", "First Reads Batch", time(5, 0), 10, 200, 975_000, 125.0, error_rate=0.00002
)
IMD = Profile("D1-IMD", "D1-IMD Process", time(7, 0), 8, 100, 70_000, 38.0, error_rate=0.0005)
PREPAY = Profile("C1-PPBTR", "Prepay Biller Task", time(9, 30), 4, 50, 15_000, 12.5)
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
    error_rate=0.0002,
)
MESSAGES = Profile("BILLREST", "SMS Batch", time(14, 0), 4, 50, 62_000, 23.0, month_end=1.3)

PROFILES = (READS, IMD, PREPAY, FLUSH, SEGMENTS, MESSAGES)

# Friday and Saturday are the weekend in Dhaka.
WEEKDAY_FACTORS = (1.03, 1.0, 1.0, 0.99, 0.84, 0.9, 1.04)


def amount_factor(profile: Profile, day: date) -> float:
    """Return how much more or less than ordinary the batch has to do on that day."""
    factor = WEEKDAY_FACTORS[day.weekday()]
    return factor * profile.month_end if is_month_turn(day) else factor


def is_month_turn(day: date) -> bool:
    """Say whether the day is a month's last two or its first."""
    return (day + timedelta(days=2)).month != day.month or day.day == 1
