"""Read what the jobs of each business day came to."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import Max, Min, QuerySet

from jobs import states
from jobs.models import Job, JobDay, JobEvent
from jobs.queries.finding import jobs

# The type under which a day's figures stand for all types together.
ALL_TYPES = ""
BAD_ENDS = (states.FAILED, states.COMPLETED_WITH_ERRORS)
LISTED = 50  # jobs that a report names


def days_since(first: date, *, of: str | None = None) -> QuerySet[JobDay]:
    """Return the figures of each day from `first` on, newest first; of one type if it is given."""
    found = JobDay.objects.filter(date__gte=first)
    if of is not None:
        found = found.filter(type=of)
    return found.order_by("-date", "type")


def types_since(first: date) -> list[str]:
    """Return the types that have figures since `first`."""
    found = JobDay.objects.filter(date__gte=first).exclude(type=ALL_TYPES)
    return sorted(found.values_list("type", flat=True).distinct())


def newest_day() -> date | None:
    """Return the last day that has figures, None when none has."""
    newest: date | None = JobDay.objects.aggregate(date=Max("date"))["date"]
    return newest


def first_end() -> datetime | None:
    """Return when the first job began or ended, None when none did."""
    ends = JobEvent.objects.filter(verb__in=("start", "finish"))
    first: datetime | None = ends.aggregate(at=Min("at"))["at"]
    return first


def figures_of(day: date) -> QuerySet[JobDay]:
    """Return the figures of a business day by type, first those of all types together."""
    return JobDay.objects.filter(date=day).order_by("type")


def ended_between(
    begins_at: datetime, ends_at: datetime, *, badly: bool = False
) -> tuple[Sequence[Job], int]:
    """Return the jobs that ended in a span, the last first, and how many; `badly` with errors only.

    At most 50 are named. One that was opened again since is left out.
    """
    ends = JobEvent.objects.filter(verb="finish", at__gte=begins_at, at__lt=ends_at)
    found = jobs().filter(pk__in=ends.values("job"), state__in=BAD_ENDS if badly else states.ENDED)
    named = list(found.order_by("-finished_at", "pk")[:LISTED])
    return named, len(named) if len(named) < LISTED else found.count()
