"""Put jobs and items into the shape that templates draw."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from batchops.access import name_of
from batchops.looks import Look
from batchops.templatetags.batchops import about
from jobs import queries, states
from jobs.models import Job, JobItem, RunSummary, Upload
from jobs.reading import WORDS

ATTEMPTS_SHOWN = 10
# What ends sooner would only flicker.
LOOKED_AT_AFTER = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job with its look and figures, as lists and its own page show it."""

    job: Job
    look: Look
    percent: int | None
    success_percent: int | None
    elapsed_s: float | None
    eta: str
    rate: float | None
    left: int
    can_cancel: bool
    can_retry: bool

    @classmethod
    def of(cls, job: Job) -> "JobRow":
        """Return the row of a job that queries.jobs() read."""
        cancelling = job.cancel_asked_at is not None
        known = job.items_total is not None
        span = queries.eta_range_s(job)
        return cls(
            job=job,
            look=states.look_of(job.state, cancelling=cancelling),
            percent=queries.progress_pct(job) if known else None,
            success_percent=queries.success_pct(job) if known else None,
            elapsed_s=queries.elapsed_s(job),
            eta=about(*span) if span else "",
            rate=queries.rate(job),
            left=max(0, (job.items_total or job.next_position) - job.settled),
            can_cancel=job.is_open and job.cancel_requested_at is None,
            can_retry=not job.is_open
            and bool(job.failed or job.error or job.cancelled or job.cut_short)
            and job.items_removed_at is None,
        )

    @property
    def quiet_minutes(self) -> int:
        """Count the minutes in which no item ended; 0 while that is as usual."""
        since = queries.no_progress_since(self.job)
        return int((self.job.read_at - since).total_seconds() // 60) if since else 0


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item with its look and its label, if its type gave it one."""

    item: JobItem
    look: Look
    label: str
    took_s: float | None

    @classmethod
    def of(cls, item: JobItem) -> "ItemRow":
        """Return the row of an item that queries.page_of_items() read."""
        took = None
        if item.started_at and item.finished_at:
            took = (item.finished_at - item.started_at).total_seconds()
        label = str((item.params or {}).get("label", ""))
        look = states.TAKEN_LOOK if item.is_taken else states.ITEM_LOOKS[item.state]
        return cls(item, look, label, took)


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file that a job was given, and in words what it is."""

    upload: Upload
    kind: str

    @classmethod
    def of(cls, upload: Upload) -> "FileRow":
        """Return the row of an upload that a job has."""
        return cls(upload, WORDS.get(upload.kind, upload.kind))


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """What one generation came to, with its look."""

    summary: RunSummary
    look: Look

    @classmethod
    def of(cls, summary: RunSummary) -> "SummaryRow":
        """Return the row of a summary."""
        return cls(summary, states.LOOKS[summary.state])


@dataclass(frozen=True, slots=True)
class WorkRow:
    """What one worker has in hand, in words."""

    first: int
    what: str
    percent: int | None
    figures: str
    note: str
    since_at: datetime
    worker: str

    @classmethod
    def of(cls, work: queries.Work) -> "WorkRow":
        """Return the row of a worker's work."""
        done, total = work.done, work.total
        known = done is not None and bool(total)
        return cls(
            first=work.first,
            what=_what(work),
            percent=min(100, 100 * done // total) if known and total and done is not None else None,
            figures=f"{done:,} / {total:,}" if known else "",
            note=work.note,
            since_at=work.since_at,
            worker=work.worker,
        )


def working_rows(job: Job) -> list[WorkRow]:
    """Return what has been in hand long enough to be looked at, the longest at it first."""
    if not job.is_open:
        return []
    shown = job.read_at - LOOKED_AT_AFTER
    return [WorkRow.of(one) for one in queries.active_work(job.pk) if one.since_at <= shown]


def _what(work: queries.Work) -> str:
    if work.position is not None:
        return _("Item %(n)s") % {"n": f"{work.position:,}"}
    if work.first == work.last:
        return _("Item %(n)s") % {"n": f"{work.first:,}"}
    return _("Items %(first)s to %(last)s") % {"first": f"{work.first:,}", "last": f"{work.last:,}"}


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop on a job's way, reached at `at` or, if that is None, still ahead."""

    label: str
    icon: str
    tone: str
    at: datetime | None
    note: str = ""


def stops_of(job: Job, *, viewer: str) -> list[Stop]:
    """Return how earlier attempts ended and the stops of the present one, in order."""
    look = states.LOOKS[job.state]
    cancel = job.cancel_asked_at
    stops = [
        Stop(_("Created"), "plus", "neutral", job.created_at, name_of(job.created_by, viewer)),
        *_attempts_before(job),
        Stop(_("Started"), "play", "info", job.started_at),
        Stop(_("Items known"), "list", "info", job.expanded_at),
    ]
    if cancel:
        by = name_of(job.cancel_requested_by, viewer)
        stops.append(Stop(_("Cancel asked for"), "ban", "violet", cancel, by))
    ended = _(look.label) if job.finished_at else _("Ended")
    stops.append(Stop(ended, look.icon if job.finished_at else "clock", look.tone, job.finished_at))
    stops.append(Stop(_("Summary made"), "check", "ok", job.summarised_at))
    reached = sorted(
        (stop for stop in stops if stop.at), key=lambda stop: stop.at or job.created_at
    )
    return reached + [stop for stop in stops if not stop.at]


def _attempts_before(job: Job) -> Iterator[Stop]:
    if job.generation == 1:
        return
    ends = job.events.filter(generation__lt=job.generation, verb__in=("finish", "cancel"))
    for end in ends.filter(after__in=states.ENDED).order_by("-pk")[:ATTEMPTS_SHOWN]:
        look = states.LOOKS[end.after]
        said = _("Attempt %(n)s: %(state)s") % {"n": end.generation, "state": _(look.label)}
        yield Stop(said, look.icon, look.tone, end.at)


def message_of(job: Job, *, viewer: str) -> str:
    """Say in one sentence what a job does now, or how it ended and what to do."""
    if job.is_open:
        return _message_of_open(job)
    if job.state == states.COMPLETED:
        return _("Done. Nothing failed.")
    if job.state == states.COMPLETED_WITH_ERRORS:
        return _("Done, but some items failed. See why below; then retry just those.")
    if job.state == states.FAILED:
        return job.error or _("Every item failed. See why below; then retry them.")
    by = name_of(job.cancel_requested_by, viewer)
    return _("Cancelled by %(who)s. What was done stays done.") % {"who": by}


def _message_of_open(job: Job) -> str:
    if job.cancel_asked_at:
        return _("Cancelling: items that were begun end first, nothing new begins.")
    if job.cancel_requested_at:
        return _("Its type gave up; items that were begun end first.")
    if job.state == states.PENDING:
        return _("Waiting for a worker.")
    if job.items_total is None:
        return _("Listing its items; work on them begins meanwhile.")
    again_at = queries.next_attempt_at(job)
    if again_at is not None:
        moment = date_format(localtime(again_at), "j M, H:i:s")
        return _("Waiting for the next attempt at %(at)s.") % {"at": moment}
    return _("Working on its items.")


def running_rows(*, limit: int = 5) -> list[JobRow]:
    """Return the open jobs, newest first, for Today."""
    found = queries.page_of_jobs(queries.JobFilter(status="active"), limit=limit)
    return [JobRow.of(job) for job in found.rows]
