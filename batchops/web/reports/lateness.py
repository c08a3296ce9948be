"""Say how late a step was, and why, from what was measured; pure functions of what is given."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext, ngettext

from batchops.templatetags.batchops import duration, rate
from monitoring.comparable import ENOUGH
from monitoring.rules.facts import Usual

MANY_RECORDS = 1.25  # times the usual
SLOW = 0.8  # of the usual records per second


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A run of the step that failed and was not repaired: which, when, and CC&B's message."""

    run: str
    at: datetime | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How one step went on a business day, as far as it is known `until`.

    `began_at` is its first start and `ended_at` when it was done once, as forecasts count it: what
    repeats into the night is late for no deadline; None while it was not.
    `longest_run_s` is of its longest run, to `until` if that goes on. What nobody knows because
    CC&B was not read is not `known`. `records` and `rps` are of the longest run, as what is usual
    is told of single runs. `waits_for` is the step that must be complete before.
    """

    code: str
    until: datetime
    known: bool
    expected_at: datetime
    grace: timedelta
    longest_s: float
    deadline_at: datetime
    began_at: datetime | None = None
    ended_at: datetime | None = None
    longest_run_s: float = 0
    records: int = 0
    rps: float | None = None
    pending: int | None = None
    restarted_at: datetime | None = None
    failures: Sequence[Failure] = ()
    waits_for: "Course | None" = None

    @property
    def start_late_s(self) -> float | None:
        """Seconds from the expected start to the first one, or until now; None within grace."""
        if self.began_at is None and not self.known:
            return None
        late = (self.began_at or self.until) - self.expected_at
        return late.total_seconds() if late > self.grace else None

    @property
    def over_max_s(self) -> float | None:
        """Seconds by which its longest run took more than its maximum; None if none did."""
        over = self.longest_run_s - self.longest_s
        return over if over > 0 else None

    @property
    def past_deadline_s(self) -> float | None:
        """Seconds from the deadline to its end, or until now while it is not done; else None."""
        if self.ended_at is not None:
            late = self.ended_at - self.deadline_at
            return late.total_seconds() if late > timedelta() else None
        late = self.until - self.deadline_at
        return late.total_seconds() if self.known and late >= timedelta() else None

    @property
    def is_late(self) -> bool:
        delays = (self.start_late_s, self.over_max_s, self.past_deadline_s)
        return any(delay is not None for delay in delays)


def delays(course: Course) -> list[str]:
    """Say by how much a step was late, each kind in a few words; empty for one that was not."""
    said = []
    if course.start_late_s is not None:
        words = gettext("began %s late") if course.began_at else gettext("not begun, %s late")
        said.append(words % duration(course.start_late_s))
    if course.over_max_s is not None:
        said.append(gettext("ran %s over its maximum") % duration(course.over_max_s))
    if course.past_deadline_s is not None:
        words = gettext("done %s after the deadline")
        if course.ended_at is None:
            words = gettext("not done, %s past the deadline")
        said.append(words % duration(course.past_deadline_s))
    return said


def reasons(course: Course, usual: Usual) -> list[str]:
    """Say why a step was late or failed, as far as measurements tell; empty if it was neither."""
    if not course.is_late and not course.failures:
        return []
    return [*_failures(course), *_before(course), *_work(course, usual)]


def clock(at: datetime) -> str:
    """Write a moment on the clock of whoever reads: the site's in mails and files."""
    return timezone.localtime(at).strftime("%H:%M")


def _failures(course: Course) -> Iterator[str]:
    for failure in course.failures:
        at = clock(failure.at) if failure.at else gettext("a time nobody saw")
        said = gettext("Run %(run)s failed at %(at)s: %(message)s")
        message = failure.message or gettext("CC&B left no message.")
        yield said % {"run": failure.run, "at": at, "message": message}
    if course.restarted_at:
        said = gettext("It was restarted at %(at)s, %(after)s after it first began.")
        after = course.restarted_at - (course.began_at or course.restarted_at)
        yield said % {"at": clock(course.restarted_at), "after": duration(after)}


def _before(course: Course) -> Iterator[str]:
    """Say that what it waits for was late itself."""
    above = course.waits_for
    if above is None or course.start_late_s is None:
        return
    if above.ended_at is None:
        said = gettext("It waits for %(code)s, which was not done by %(at)s.")
        yield said % {"code": above.code, "at": clock(above.until)}
    elif above.ended_at > course.expected_at:
        said = gettext(
            "It waits for %(code)s, which was done at %(at)s, %(late)s after this start."
        )
        late = duration(above.ended_at - course.expected_at)
        yield said % {"code": above.code, "at": clock(above.ended_at), "late": late}


def _work(course: Course, usual: Usual) -> Iterator[str]:
    """Say that it had more to do than usual, went slower, or did not get through."""
    if course.pending:
        said = ngettext(
            "%(n)s measurement is still pending.", "%(n)s measurements are still pending.",
            course.pending,
        )  # fmt: skip
        yield said % {"n": f"{course.pending:,}"}
    if not course.records:
        return
    if usual.days_counted < ENOUGH:
        said = gettext("Whether that is usual is not known: not enough history (%(n)d of %(of)d).")
        yield said % {"n": usual.days_counted, "of": ENOUGH}
        return
    yield from _records(course, usual)
    yield from _pace(course, usual)


def _records(course: Course, usual: Usual) -> Iterator[str]:
    if usual.median_records and course.records > MANY_RECORDS * usual.median_records:
        said = gettext(
            "It had %(records)s records, %(times).1f times the usual %(usual)s (%(days)s, n=%(n)d)."
        )
        yield said % {
            "records": f"{course.records:,}",
            "times": course.records / usual.median_records,
            "usual": f"{usual.median_records:,.0f}",
            "days": usual.days,
            "n": usual.days_counted,
        }


def _pace(course: Course, usual: Usual) -> Iterator[str]:
    if course.rps is not None and usual.median_rps and course.rps < SLOW * usual.median_rps:
        said = gettext("It went at %(rps)s, usually %(usual)s (%(days)s, n=%(n)d).")
        yield said % {
            "rps": rate(course.rps),
            "usual": rate(usual.median_rps),
            "days": usual.days,
            "n": usual.days_counted,
        }
