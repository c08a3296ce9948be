"""Find the work that is left: wishes to carry out, summaries to make."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, QuerySet

from jobs import states
from jobs.models import Job, JobItem, JobQuerySet, RunSummary


def cancels_left() -> JobQuerySet:
    """Return the open jobs that are to be cancelled and still have pending items."""
    pending = JobItem.objects.filter(job=OuterRef("pk"), state=states.PENDING)
    return Job.objects.open().filter(Exists(pending), cancel_requested_at__isnull=False)


def summary_of(job: Job) -> RunSummary | None:
    """Return the summary of a job's present generation, None when it was not made yet."""
    return RunSummary.objects.filter(job=job, generation=job.generation).first()


def to_summarise(*, types: Sequence[str] | None = None) -> QuerySet[Job]:
    """Return the ended jobs whose summary is missing and that nobody makes it for."""
    found = Job.objects.filter(finished_at__isnull=False, summarised_at=None)
    if types is not None:
        found = found.filter(type__in=types)
    return found.exclude(claims__kind=states.SUMMARY).order_by("finished_at")
