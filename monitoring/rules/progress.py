"""Find runs that go on badly: standing still, for too long, or too slowly."""

from bisect import bisect_right
from datetime import datetime, timedelta
from itertools import pairwise

from alerts.states import Finding, Severity
from monitoring.rules.facts import Picture, RunFacts, StepFacts
from monitoring.rules.wording import clock, history, lasting, of_run, status
from monitoring.states import RunState


def stuck(picture: Picture) -> list[Finding]:
    """Find running runs whose heartbeat stood still for too long over good readings.

    A batch whose counts stand still when all is well (profile status_only) is stuck only when it
    has also run for longer than it may.
    """
    found = (_stuck(run, step, picture) for run, step in _running(picture))
    return [finding for finding in found if finding]


def long_running(picture: Picture) -> list[Finding]:
    """Find running runs that take longer than the step may and than is usual."""
    found = (_long_running(run, step, picture) for run, step in _running(picture))
    return [finding for finding in found if finding]


def low_throughput(picture: Picture) -> list[Finding]:
    """Find running runs that were too slow from reading to reading, several times running."""
    found = (_low_throughput(run, step, picture) for run, step in _running(picture))
    return [finding for finding in found if finding]


def _running(picture: Picture) -> list[tuple[RunFacts, StepFacts]]:
    """Return the running runs of the workflow; of others nobody said how they should go."""
    steps = picture.steps
    running = picture.in_state(RunState.RUNNING)
    return [(run, steps[run.batch_code]) for run in running if run.batch_code in steps]


def _stuck(run: RunFacts, step: StepFacts, picture: Picture) -> Finding | None:
    limit = _stuck_after(run, picture)
    stands_since = max(run.moved_at or picture.at, run.since)
    stands, runs = picture.at - stands_since, picture.at - run.since
    patient = step.stuck_profile == "status_only" and runs <= step.longest
    if step.stuck_profile == "off" or stands < limit or patient:
        return None
    return Finding(
        **of_run(run),
        severity=Severity.CRITICAL,
        message=f"Batch {run.batch_code} stuck: no progress for {lasting(stands)}, since "
        f"{clock(stands_since, picture.zone)}, at {run.records_processed:,} records. Look at its "
        "threads and at the thread pool worker.",
        evidence={
            "expected": {"progress_within_s": limit.total_seconds()},
            "seen": {
                "status": status(run.status_code),
                "started_at": run.started_at.isoformat(),
                "last_progress_seen_at": stands_since.isoformat(),
                "read_at": picture.at.isoformat(),
                "no_progress_for_s": stands.total_seconds(),
                "records_processed": run.records_processed,
            },
        },
        occurrence=run.mark,
    )


def _stuck_after(run: RunFacts, picture: Picture) -> timedelta:
    minutes = picture.terms("STUCK", run.batch_code).thresholds.get("stuck_minutes")
    return timedelta(minutes=minutes) if minutes else picture.stuck_after


def _long_running(run: RunFacts, step: StepFacts, picture: Picture) -> Finding | None:
    usual = picture.usual_of(run)
    enough = picture.book.threshold("LONG_RUNNING", run.batch_code, "enough_runs")
    p95_s = usual.p95_duration_s if usual.runs >= enough else None
    limit = max(step.longest, timedelta(seconds=p95_s or 0))
    runs = picture.at - run.since
    if runs <= limit:
        return None
    rps = run.records_processed / runs.total_seconds()
    return Finding(
        **of_run(run),
        severity=Severity.WARNING,
        message=f"Batch {run.batch_code} running for {lasting(runs)}. Expected: "
        f"{lasting(step.expected)}{_speed(run, rps, step)}",
        evidence={
            "expected": {
                "duration_s": step.expected.total_seconds(),
                "longest_s": step.longest.total_seconds(),
                "limit_s": limit.total_seconds(),
            },
            "seen": {
                "started_at": run.started_at.isoformat(),
                "running_since_at": run.since.isoformat(),
                "running_for_s": runs.total_seconds(),
                "records_processed": run.records_processed,
                "records_per_s": round(rps, 2),
            },
            "history": history(usual, usual.runs, enough, p95_of_duration_s=p95_s),
        },
        occurrence=run.started_at.isoformat(),
    )


def _speed(run: RunFacts, rps: float, step: StepFacts) -> str:
    """Write how fast it is, as the console used to; nothing of a batch without records."""
    if not run.records_processed:
        return ""
    floor = f" (threshold: {step.rps_floor:g})" if step.rps_floor else ""
    return f" | RPS: {rps:.1f}{floor}"


def _low_throughput(run: RunFacts, step: StepFacts, picture: Picture) -> Finding | None:
    polls = picture.book.threshold("LOW_THROUGHPUT", run.batch_code, "polls")
    speeds = _speeds(run, picture)[-polls:]
    limit = _slowest(run, step, picture)
    if limit is None or len(speeds) < polls or max(speeds) >= limit:
        return None
    usual = picture.usual_of(run)
    enough = picture.book.threshold("LOW_THROUGHPUT", run.batch_code, "enough_runs")
    since = picture.polls[-polls - 1].at
    return Finding(
        **of_run(run),
        severity=Severity.WARNING,
        message=f"Batch {run.batch_code} is slow: {speeds[-1]:.1f} records per second (threshold: "
        f"{limit:.1f}), since {clock(since, picture.zone)} at {len(speeds)} polls running. Look "
        "at its threads, and at what else the database does.",
        evidence={
            "expected": {"records_per_s": round(limit, 2), "floor_per_s": step.rps_floor},
            "seen": {
                "measured_from_at": since.isoformat(),
                "measured_to_at": picture.at.isoformat(),
                "records_per_s": round(speeds[-1], 2),
                "poll_by_poll": ", ".join(f"{speed:.1f} records/s" for speed in speeds),
                "records_processed": run.records_processed,
            },
            "history": history(
                usual,
                usual.runs_with_records,
                enough,
                median_per_s=usual.median_rps and round(usual.median_rps, 2),
            ),
        },
        occurrence=run.since.isoformat() if run.since == run.started_at else "",
    )


def _slowest(run: RunFacts, step: StepFacts, picture: Picture) -> float | None:
    """Return the records per second that are just enough, None where nobody can say."""
    terms = picture.terms("LOW_THROUGHPUT", run.batch_code).thresholds
    usual = picture.usual_of(run)
    limits = [step.rps_floor] if step.rps_floor else []
    if usual.median_rps and usual.runs_with_records >= terms["enough_runs"]:
        limits.append(usual.median_rps * terms["usual_pct"] / 100)
    return max(limits, default=None)


def _speeds(run: RunFacts, picture: Picture) -> list[float]:
    """Return its records per second from reading to reading, of those that saw it at one go."""
    points = [
        (poll.at, records)
        for poll in picture.polls
        if poll.at >= run.since and (records := _records_at(run, poll.at, picture)) is not None
    ]
    return [
        (records - before) / (at - earlier).total_seconds()
        for (earlier, before), (at, records) in pairwise(points)
    ]


def _records_at(run: RunFacts, at: datetime, picture: Picture) -> int | None:
    """Return how many records it had at a reading, None before the first that saw it."""
    course = picture.records.get(run.key, ())
    place = bisect_right(course, at, key=lambda point: point[0])
    return course[place - 1][1] if place else None
