"""Say what screens can watch about jobs."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from operator import attrgetter
from typing import Any

from django.db.models import Max

from batchops.live.topics import Topic, register
from jobs import queries
from jobs.bodies import StatsBody, day_body, iso, job_body, stats_body
from jobs.models import Job, ScheduleEvent
from jobs.schedule_rows import slot_body

ACTIVE_SHOWN = 100
# Older days do not change.
STATISTICS_FOLLOWED = timedelta(days=2)
# What else of an open job a list shows that a move changes.
MOVED = ("pk", "state", "cancel_requested_at", "items_total")
# What moves while the list of jobs stays as it is.
FIGURES = ("processedCount", "successCount", "failedCount", "progressPercent")


def register_topics() -> None:
    """Make the topics of jobs known to the hub."""
    register(Topic("jobs", "jobs.view_job", read_jobs))
    register(Topic("job", "jobs.view_job", read_job, keyed=True))
    register(Topic("statistics", "jobs.view_job", read_statistics))
    register(Topic("schedules", "jobs.view_schedule", read_schedules))


def read_jobs(_key: str) -> dict[str, Any]:
    """Return the counts by state, the figures of each open job, `moves` and `structure`.

    A state's count stops at queries.COUNTED. `moves` differs once a job came or made a move, and
    `structure`, by which the list of all jobs is drawn anew, also when one went.
    """
    active = _active()
    stats, moves = stats_body(queries.count_capped()), _moves(map(attrgetter(*MOVED), active))
    return {
        "stats": stats,
        "active": {job.pk: _figures(job) for job in active},
        "moves": moves,
        "structure": _structure(stats, moves),
    }


def read_moves() -> str:
    """Return what read_jobs calls `moves`, without the counts, which take the longest."""
    return _moves(queries.newest_open(*MOVED, limit=ACTIVE_SHOWN))


def read_structure() -> tuple[StatsBody, str]:
    """Return the counts by state and what read_jobs calls `structure`, without the figures."""
    stats = stats_body(queries.count_capped())
    return stats, _structure(stats, read_moves())


def _active() -> list[Job]:
    return queries.page_of_jobs(queries.JobFilter(status="active"), limit=ACTIVE_SHOWN).rows


def read_job(key: str) -> dict[str, Any] | None:
    """Return what the page of one job shows; None when there is none."""
    job = queries.jobs().filter(pk=key).first()
    return job_facts(job) if job else None


def read_schedules(_key: str) -> dict[str, Any]:
    """Return which schedules are on, what became of their last due times, and `structure`.

    `structure` differs when a list of schedules must be drawn anew.
    """
    rows = [
        {
            "id": each.pk,
            "enabled": each.enabled,
            "lastOutcomes": [slot_body(slot) for slot in each.last_slots],
        }
        for each in queries.schedules()
    ]
    edits = ScheduleEvent.objects.aggregate(last=Max("pk"))
    return {"schedules": rows, "structure": digest([rows, edits])}


def read_statistics(_key: str) -> dict[str, Any]:
    """Return `structure`, which differs when the daily figures must be drawn anew."""
    newest = queries.newest_day()
    shown = [] if newest is None else queries.days_since(newest - STATISTICS_FOLLOWED)
    return {"structure": digest([day_body(day) for day in shown])}


def job_facts(job: Job) -> dict[str, Any]:
    """Return what the API answers about a job, and what only screens show.

    That is how far it has counted, its pace, and `activeWork`: what workers have in hand, the
    longest at it first; and, if all items that are left wait, when the next may begin.
    """
    work = queries.active_work(job.pk) if job.is_open else []
    again_at = queries.next_attempt_at(job) if job.is_open and not work else None
    active = {"activeWork": [_work(one) for one in work], "nextAttemptAt": iso(again_at)}
    return {**job_body(job), **_counted(job), **_pace(job), **active}


def _work(work: queries.Work) -> dict[str, Any]:
    """Return one worker's work; `position` is null when the figures are about the whole range."""
    return {
        "from": work.first,
        "to": work.last,
        "position": work.position,
        "done": work.done,
        "total": work.total,
        "note": work.note,
        "sinceAt": iso(work.since_at),
        "worker": work.worker,
    }


def _counted(job: Job) -> dict[str, Any]:
    return {
        "countedItems": job.next_position,
        "hasFailures": job.failed > 0,
        "successPercent": queries.success_pct(job),
        "summarised": job.summarised_at is not None,
        "followedBy": 0 if job.is_open else Job.objects.filter(parent=job).count(),
    }


def _pace(job: Job) -> dict[str, Any]:
    """Return between what times the job will end, and since when nothing moves.

    A frame comes when something moved, so the page itself has to see that `lastProgressAt` is
    longer ago than `quietSeconds`.
    """
    low, high = queries.eta_range_s(job) or (None, None)
    return {
        "etaLowSeconds": low,
        "etaHighSeconds": high,
        "noProgressSince": iso(queries.no_progress_since(job)),
        "lastProgressAt": iso(queries.progress_at(job)),
        "quietSeconds": queries.quiet_s(job),
    }


def _figures(job: Job) -> dict[str, Any]:
    body: Mapping[str, object] = job_body(job)
    return {name: body[name] for name in FIGURES} | {"countedItems": job.next_position}


def _structure(stats: StatsBody, moves: str) -> str:
    return digest([stats, moves])


def _moves(active: Iterable[Sequence[Any]]) -> str:
    """Return `moves` of the newest moves and of the MOVED of each open job."""
    states = [
        f"{job_id}:{state}:{cancelled_at is None}:{total is None}"
        for job_id, state, cancelled_at, total in active
    ]
    return digest([queries.newest_moves(), states])


def digest(value: Any) -> str:
    """Return 16 characters that differ when a JSON value does."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]
