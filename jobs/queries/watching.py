"""Read who is mailed when jobs end."""

from batchops.models import User
from jobs.models import Job, JobWatch


def is_watched(job: Job, user: User) -> bool:
    """Return whether a user asked for a mail about this very job."""
    return JobWatch.objects.filter(job=job, user=user).exists()


def watched_types(user: User) -> dict[str, JobWatch]:
    """Return what a user wishes to hear of whole types, by type."""
    return {watch.type: watch for watch in JobWatch.objects.filter(user=user, job=None)}


def watched_jobs(user: User, *, limit: int) -> list[JobWatch]:
    """Return the single jobs that a user asked for, newest wish first."""
    watches = JobWatch.objects.filter(user=user, job__isnull=False).select_related("job")
    return list(watches.order_by("-id")[:limit])
