"""Judge a picture of CC&B by every rule that is on."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from alerts.states import Finding
from monitoring.rules import deadlines, ends, measurements, progress, queueing, results, starts
from monitoring.rules.facts import Picture

JUDGES: Mapping[str, Callable[[Picture], list[Finding]]] = {
    "COMPLETED_WITH_ERRORS": results.completed_with_errors,
    "DEADLINE_AT_RISK": deadlines.deadline_at_risk,
    "FAILED": ends.failed,
    "IMD_NOT_DRAINING": measurements.imd_not_draining,
    "JOB_ORPHAN": queueing.job_orphan,
    "LONG_RUNNING": progress.long_running,
    "LOW_RECORDS": results.low_records,
    "LOW_THROUGHPUT": progress.low_throughput,
    "NOT_STARTED": starts.not_started,
    "OUT_OF_ORDER": starts.out_of_order,
    "PENDING_TOO_LONG": queueing.pending_too_long,
    "STUCK": progress.stuck,
    "TOO_FAST": results.too_fast,
    "UNKNOWN_STATUS": ends.unknown_status,
}


def judge(picture: Picture) -> dict[str, list[Finding]]:
    """Return what each rule finds, every rule named, also one that finds nothing or is off."""
    return {rule: judge_by(rule, picture) for rule in JUDGES}


def judge_by(rule: str, picture: Picture) -> list[Finding]:
    """Return what one rule finds where it is on; what only goes on record is marked."""
    findings = JUDGES[rule](picture)
    terms = [picture.terms(rule, finding.batch_code) for finding in findings]
    return [
        replace(finding, record_only=own.record_only)
        for finding, own in zip(findings, terms, strict=True)
        if own.enabled
    ]
