"""Find complete runs that cannot have done their work: few records, too fast, many errors.

Only the last complete run of a step is judged, so the next good one ends what an earlier began.
"""

from alerts.states import Finding, Severity
from monitoring.rules.facts import Picture, RunFacts
from monitoring.rules.wording import history, lasting, of_step


def low_records(picture: Picture) -> list[Finding]:
    """Find complete runs with far fewer records than comparable ones."""
    found = (_low_records(run, picture) for run in picture.last_complete.values())
    return [finding for finding in found if finding]


def too_fast(picture: Picture) -> list[Finding]:
    """Find complete runs that took far less time than comparable ones."""
    found = (_too_fast(run, picture) for run in picture.last_complete.values())
    return [finding for finding in found if finding]


def completed_with_errors(picture: Picture) -> list[Finding]:
    """Find complete runs with more records in error than the step may have."""
    found = (_with_errors(run, picture) for run in picture.last_complete.values())
    return [finding for finding in found if finding]


def _low_records(run: RunFacts, picture: Picture) -> Finding | None:
    terms = picture.terms("LOW_RECORDS", run.batch_code).thresholds
    usual = picture.usual_of(run)
    if usual.p10_records is None or usual.runs_with_records < terms["enough_runs"]:
        return None
    limit = usual.p10_records * terms["usual_pct"] / 100
    if run.records_processed >= limit or _had_nothing_to_do(run, picture):
        return None
    return Finding(
        **of_step(run),
        severity=Severity.WARNING,
        message=f"Batch {run.batch_code} completed with only {run.records_processed:,} records. "
        f"Comparable runs have {usual.p10_records:,.0f} or more. See whether what it works on "
        "arrived, then run it again or resolve this alert.",
        evidence={
            "expected": {"records_at_least": round(limit)},
            "seen": {
                "started_at": run.started_at.isoformat(),
                "ended_at": run.ended_at and run.ended_at.isoformat(),
                "records_processed": run.records_processed,
            },
            "history": history(
                usual,
                usual.runs_with_records,
                terms["enough_runs"],
                p10_of_records=round(usual.p10_records),
            ),
        },
    )


def _had_nothing_to_do(run: RunFacts, picture: Picture) -> bool:
    """Whether it is a run of a queue that found the queue empty, which is all right."""
    step = picture.steps.get(run.batch_code)
    return run.records_processed == 0 and step is not None and step.drains_imd


def _too_fast(run: RunFacts, picture: Picture) -> Finding | None:
    terms = picture.terms("TOO_FAST", run.batch_code).thresholds
    usual, took_s = picture.usual_of(run), run.duration_s
    if usual.p10_duration_s is None or usual.runs < terms["enough_runs"] or took_s is None:
        return None
    limit_s = usual.p10_duration_s * terms["usual_pct"] / 100
    if took_s >= limit_s or _had_nothing_to_do(run, picture):
        return None
    return Finding(
        **of_step(run),
        severity=Severity.INFO,
        message=f"Batch {run.batch_code} completed in only {lasting(took_s)}. Comparable runs "
        f"take {lasting(usual.p10_duration_s)} or more. See whether it did all its work, then run "
        "it again or resolve this alert.",
        evidence={
            "expected": {"duration_at_least_s": round(limit_s)},
            "seen": {
                "started_at": run.started_at.isoformat(),
                "ended_at": run.ended_at and run.ended_at.isoformat(),
                "duration_s": took_s,
                "records_processed": run.records_processed,
            },
            "history": history(
                usual,
                usual.runs,
                terms["enough_runs"],
                p10_of_duration_s=round(usual.p10_duration_s),
            ),
        },
    )


def _with_errors(run: RunFacts, picture: Picture) -> Finding | None:
    limit = picture.book.threshold("COMPLETED_WITH_ERRORS", run.batch_code, "errors")
    if run.records_in_error <= limit:
        return None
    return Finding(
        **of_step(run),
        severity=Severity.WARNING,
        message=f"Batch {run.batch_code} completed with {run.records_in_error:,} records in error "
        f"(threshold: {limit:,}). Look at its To Do entries and exceptions in CC&B; the next run "
        "without ends this alert.",
        evidence={
            "expected": {"records_in_error_at_most": limit},
            "seen": {
                "started_at": run.started_at.isoformat(),
                "ended_at": run.ended_at and run.ended_at.isoformat(),
                "records_processed": run.records_processed,
                "records_in_error": run.records_in_error,
            },
        },
    )
