"""Read what the jobs of each business day came to."""

from datetime import date, datetime

from django.db.models import Max, Min, QuerySet

from jobs.models import JobDay, JobEvent

# The type under which a day's figures stand for all types together.
ALL_TYPES = ""


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
