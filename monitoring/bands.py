"""Reckon the usual bands of steps over comparable days: start, end, duration, records, pace."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from operator import attrgetter

from django.conf import settings
from django.db import connection
from django.db.models import F

from batchops.kept import Kept
from monitoring import queries
from monitoring.calendar import DayCalendar
from monitoring.comparable import (
    ENOUGH,
    HISTORY,
    KINDS,
    WEEKDAYS,
    Wanted,
    days_in_words,
)
from monitoring.models import DayKind, StepDay

_day_of = attrgetter("day")
LOW, MIDDLE, HIGH = 0.1, 0.5, 0.9
VALUES = ("first_started_at", "last_ended_at", "total_duration_seconds", "total_records")
STAMP_SQL = """
    SELECT max(updated_at), max(id), count(*), sum(total_duration_seconds), sum(total_records)
      FROM batch_performance_summary
     WHERE batch_code = ANY(%s) AND business_date >= %s AND business_date < %s
"""


@dataclass(frozen=True, slots=True)
class StepCourse:
    """How a step's complete runs of one business day went.

    `start_s` and `end_s` are of its first start and last end, in seconds on the site's clock since
    midnight of the day; `took_s` is the sum of its runs, `rps` records per second, None without
    records.
    """

    day: date
    kind: DayKind
    start_s: float
    end_s: float
    took_s: int
    records: int
    rps: float | None


@dataclass(frozen=True, slots=True)
class Spread:
    """The tenth, the middle and the ninetieth of a hundred values in their order."""

    p10: float
    p50: float
    p90: float


@dataclass(frozen=True, slots=True)
class Moments:
    """The same of moments on one business day."""

    p10: datetime
    p50: datetime
    p90: datetime


@dataclass(frozen=True)
class Band:
    """What is usual for a step on a day, over comparable days before it; `days` says which.

    None stands where the days do not tell, as of the records of a step without any. A spread is
    reckoned once somebody asks for it: of hundreds of days few are asked for all.
    """

    courses: Sequence[StepCourse] = ()
    days: str = ""

    @property
    def n(self) -> int:
        """How many days it is over."""
        return len(self.courses)

    @property
    def first_date(self) -> date | None:
        return self.courses[0].day if self.courses else None

    @property
    def last_date(self) -> date | None:
        return self.courses[-1].day if self.courses else None

    @cached_property
    def start_s(self) -> Spread | None:
        return spread([each.start_s for each in self.courses])

    @cached_property
    def end_s(self) -> Spread | None:
        return spread([each.end_s for each in self.courses])

    @cached_property
    def took_s(self) -> Spread | None:
        return spread([each.took_s for each in self.courses])

    @cached_property
    def records(self) -> Spread | None:
        return spread([each.records for each in self.courses if each.records])

    @cached_property
    def rps(self) -> Spread | None:
        return spread([each.rps for each in self.courses if each.rps is not None])

    @property
    def enough(self) -> bool:
        """Whether there are days enough to say what is usual."""
        return self.n >= ENOUGH

    def starts(self, day: date) -> Moments | None:
        """Return when it usually starts on `day`; None when days are too few to say."""
        return _on(day, self.start_s) if self.enough else None

    def ends(self, day: date) -> Moments | None:
        """Return when it usually ends on `day`; None when days are too few to say."""
        return _on(day, self.end_s) if self.enough else None


_usual: Kept[dict[Wanted, Band]] = Kept(1)


def usual_bands(wanted: Collection[Wanted], known: DayCalendar) -> dict[Wanted, Band]:
    """Return what is usual for each batch code on its day, by quantiles; a few queries for all.

    Over complete days before it of the same class and weekday, or, where there are fewer than 20,
    of the same class. Without any the band is empty. The last ones are kept until a day before
    them changes.
    """
    if not wanted:
        return {}
    days = [day for _, day in wanted]
    span = (min(days) - HISTORY, max(days))
    return _usual.get(
        frozenset(wanted),
        stamp=stamp({code for code, _ in wanted}, span=span, known=known),
        reckon=lambda: _usual_bands(wanted, span, known),
    )


def stamp(codes: Collection[str], *, span: tuple[date, date], known: DayCalendar) -> object:
    """Return what is another when a day of these steps is, or how days are read; two queries."""
    with connection.cursor() as cursor:
        cursor.execute(STAMP_SQL, [list(codes), *span])
        sums = cursor.fetchone()
    return sums, queries.left_pending(), known


def _usual_bands(
    wanted: Collection[Wanted], span: tuple[date, date], known: DayCalendar
) -> dict[Wanted, Band]:
    courses = step_courses({code for code, _ in wanted}, span=span, known=known)
    kinds: dict[str, dict[date, DayKind]] = defaultdict(dict)
    for code, day in wanted:
        kinds[code][day] = known.kind_of(day)
    return {
        (code, day): band
        for code, of_days in kinds.items()
        for day, band in bands_over(courses.get(code, ()), of_days).items()
    }


def step_courses(
    codes: Collection[str], *, span: tuple[date, date], known: DayCalendar
) -> dict[str, list[StepCourse]]:
    """Return how the complete days of steps went, up to before the last of `span`, by their codes.

    A day that left measurements pending is none of the step that works them off, one that found
    nothing to do none of a step that has records on other days, and one that a planned outage
    touched none at all. Two queries.
    """
    rows = StepDay.objects.filter(
        batch_code__in=codes,
        business_date__gte=span[0],
        business_date__lt=span[1],
        total_runs=F("successful_runs"),
        last_ended_at__isnull=False,
    ).order_by("business_date")
    left = queries.left_pending()
    found: dict[str, list[StepCourse]] = defaultdict(list)
    # Not as objects: there are thousands.
    for code, day, *values in rows.values_list("batch_code", "business_date", *VALUES):
        if (code, day) not in left and not known.is_out(code, day):
            found[code].append(_course(day, known.kind_of(day), *values))
    return {code: _with_something_to_do(courses) for code, courses in found.items()}


def bands_over(courses: Iterable[StepCourse], kinds: Mapping[date, DayKind]) -> dict[date, Band]:
    """Return what is usual on days of those classes, from courses in the order of their days."""
    of_kind: dict[DayKind, list[StepCourse]] = defaultdict(list)
    of_weekday: dict[tuple[DayKind, int], list[StepCourse]] = defaultdict(list)
    for course in courses:
        of_kind[course.kind].append(course)
        of_weekday[course.kind, course.day.weekday()].append(course)
    found = {}
    for day, kind in kinds.items():
        narrow = _before(day, of_weekday[kind, day.weekday()])
        is_narrow = len(narrow) >= ENOUGH
        compared = narrow if is_narrow else _before(day, of_kind[kind])
        days = days_in_words(kind, day, of_weekday=is_narrow) if compared else ""
        found[day] = Band(compared, days)
    return found


def _before(day: date, courses: Sequence[StepCourse]) -> Sequence[StepCourse]:
    """Return those of the days before one that it is compared with."""
    first, end = (bisect_left(courses, each, key=_day_of) for each in (day - HISTORY, day))
    return courses[first:end]


def by_kind(courses: Iterable[StepCourse]) -> list[tuple[str, Band]]:
    """Return how days went by weekday, month ends and holidays apart; only those there are."""
    groups: dict[tuple[int, int], list[StepCourse]] = defaultdict(list)
    for course in courses:
        weekday = course.day.weekday() if course.kind is DayKind.ORDINARY else 0
        groups[list(DayKind).index(course.kind), weekday].append(course)
    return [
        (_kind_in_words(place, weekday), Band(those))
        for (place, weekday), those in sorted(groups.items())
    ]


def _kind_in_words(place: int, weekday: int) -> str:
    kind = list(DayKind)[place]
    return WEEKDAYS[weekday] if kind is DayKind.ORDINARY else KINDS[kind]


def spread(values: Iterable[float]) -> Spread | None:
    """Return the quantiles of values, between two of them in proportion; None of none."""
    ordered = sorted(values)
    if not ordered:
        return None
    return Spread(quantile(ordered, LOW), quantile(ordered, MIDDLE), quantile(ordered, HIGH))


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value at `share` (0 to 1) of values in their order, as percentile_cont does."""
    place = (len(ordered) - 1) * share
    low = int(place)
    high = low + 1 if place > low else low
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _on(day: date, clock: Spread | None) -> Moments | None:
    return Moments(*(_moment(day, s) for s in (clock.p10, clock.p50, clock.p90))) if clock else None


def _moment(day: date, clock_s: float) -> datetime:
    """Return when the site's clock has gone so many seconds since midnight of `day`."""
    local = datetime.combine(day, time()) + timedelta(seconds=clock_s)
    return local.replace(tzinfo=settings.SITE_ZONE).astimezone(UTC)


def _course(
    day: date, kind: DayKind, began_at: datetime, ended_at: datetime, *sums: int
) -> StepCourse:
    took_s, records = sums
    rps = records / took_s if records and took_s else None
    start_s, end_s = _clock_s(day, began_at), _clock_s(day, ended_at)
    return StepCourse(day, kind, start_s, end_s, took_s, records, rps)


def _clock_s(day: date, at: datetime) -> float:
    local = at.astimezone(settings.SITE_ZONE).replace(tzinfo=None)
    return (local - datetime.combine(day, time())).total_seconds()


def _with_something_to_do(courses: list[StepCourse]) -> list[StepCourse]:
    return [course for course in courses if course.records] or courses
