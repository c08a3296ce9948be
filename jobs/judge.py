"""Judge open jobs every few seconds: stuck, late, lacking summary or ZIP; forget what is gone."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from alerts.lifecycle import reconcile, reconcile_keys, take_turn
from alerts.queries import active_keys
from alerts.states import Finding
from batchops.cluster.queries import oldest_bell_s
from batchops.cluster.ticks import Tick, register
from batchops.db import database_now
from jobs import registry, rules
from jobs.models import Job
from jobs.queries import artifacts_failed, judging
from jobs.queries.judging import Limits, Quiet
from jobs.registry import JobType
from jobs.rules import Standstill, Unsummed, Unzipped, Usual

ACTOR = "system:watch"
EVERY = timedelta(seconds=5)
# Programs outside work when it suits them.
OUTSIDE = timedelta(days=1)


def register_ticks() -> None:
    """Let the cluster watch judge, for it lives when the workers of jobs do not."""
    register(Tick("jobs.judge", "watch", EVERY, judge))


def judge() -> None:
    """Make the alerts about jobs agree with what is true now; twice changes nothing."""
    judge_stuck(at=database_now())
    judge_late(at=database_now())
    judge_summaries(at=database_now())
    judge_zips(at=database_now())
    for rule in (rules.FAILED, rules.WITH_ERRORS):
        forget_gone(rule, at=database_now())


@transaction.atomic
def judge_stuck(*, at: datetime) -> None:
    """Open and resolve JOB_STUCK as things stand at `at`.

    While no worker runs that is the one trouble, and no further job counts as stuck.
    """
    take_turn(rules.STUCK)
    told = active_keys(rules.STUCK)
    workers_since = judging.workers_since(at=at, within=3 * settings.HEARTBEAT_INTERVAL)
    findings = rules.stuck(_standstills(workers_since, at), at=at)
    if workers_since is None:
        findings = [finding for finding in findings if finding.key in told] + _no_workers(at)
    reasons = dict.fromkeys(told, rules.OVER_MOVES) | {rules.NO_WORKERS_KEY: rules.OVER_WORKERS}
    reconcile(rules.STUCK, findings, at=at, actor=ACTOR, reasons=reasons)


@transaction.atomic
def judge_late(*, at: datetime) -> None:
    """Open and resolve JOB_LATE as things stand at `at`."""
    take_turn(rules.LATE)
    earliest = timedelta(seconds=rules.LATE_AT_THE_EARLIEST_S)
    running = [judging.facts_of(job) for job in judging.running_for(earliest, at=at)]
    found = {kind: rules.usual(judging.durations_of(kind)) for kind in {j.type for j in running}}
    usual_of: dict[str, Usual] = {kind: usual for kind, usual in found.items() if usual}
    findings = rules.late(running, usual_of, at=at)
    reasons = dict.fromkeys(active_keys(rules.LATE), rules.OVER_LATE)
    reconcile(rules.LATE, findings, at=at, actor=ACTOR, reasons=reasons)


@transaction.atomic
def judge_summaries(*, at: datetime) -> None:
    """Open and resolve JOB_NO_SUMMARY as things stand at `at`."""
    take_turn(rules.NO_SUMMARY)
    waiting = [
        Unsummed(job=judging.facts_of(job), limit=_limits_of(job.type).summary, failure=failure)
        for job, failure in judging.unsummed()
    ]
    findings = rules.no_summary(waiting, at=at)
    reasons = dict.fromkeys(active_keys(rules.NO_SUMMARY), rules.OVER_SUMMARY)
    reconcile(rules.NO_SUMMARY, findings, at=at, actor=ACTOR, reasons=reasons)


@transaction.atomic
def judge_zips(*, at: datetime) -> None:
    """Open and resolve JOB_NO_ZIP as things stand at `at`."""
    take_turn(rules.NO_ZIP)
    given_up = [
        Unzipped(
            job=judging.facts_of(artifact.job), attempts=artifact.attempts, failure=artifact.error
        )
        for artifact in artifacts_failed()
    ]
    reasons = dict.fromkeys(active_keys(rules.NO_ZIP), rules.OVER_ZIP)
    reconcile(rules.NO_ZIP, rules.no_zip(given_up), at=at, actor=ACTOR, reasons=reasons)


@transaction.atomic
def forget_gone(rule: str, *, at: datetime) -> None:
    """Resolve alerts of a rule on jobs that were removed, or no longer are what it says.

    The end of a job opens and resolves them itself; this looks only at what is open.
    """
    if not active_keys(rule):
        return
    take_turn(rule)
    keys = active_keys(rule)
    states = judging.states_by_id([rules.id_of(key) for key in keys])
    gone = rules.no_longer_true(rule, {key: states[rules.id_of(key)] for key in keys})
    if gone:
        reconcile_keys(rule, [], judged=gone, at=at, actor=ACTOR)


def _standstills(workers_since: datetime | None, at: datetime) -> list[Standstill]:
    limits = {name: _limits_of(name) for name in registry.names()}
    quiet = judging.quiet_jobs(limits, other=_limits_of(""), at=at)
    others_at = judging.others_moved_at(list(registry.caps()), at=at) if quiet else None
    jobs = judging.jobs_by_id([one.job_id for one in quiet])
    return [
        Standstill(
            job=judging.facts_of(jobs[one.job_id]),
            since=_since(one, workers_since, others_at),
            limit=one.limit,
            items_held=one.items_held,
            type_known=one.type_known,
        )
        for one in quiet
        if one.job_id in jobs
    ]


def _since(one: Quiet, workers_since: datetime | None, others_at: datetime | None) -> datetime:
    """Return when a job last moved, or last had a good reason not to."""
    # One that nobody holds may wait for its turn, but only if some worker could take it.
    turn_at = others_at if one.held_since is None and one.type_known else None
    reasons = (one.due_at, workers_since, turn_at)
    return max([one.moved_at, *(moment for moment in reasons if moment is not None)])


def _limits_of(name: str) -> Limits:
    """Return the limits of a type, those of an ordinary one for a type nobody knows."""
    kind = registry.find(name) if name in registry.names() else JobType()
    patience = OUTSIDE if kind.external and kind.stuck_after is None else kind.stuck_after
    if patience is not None:
        return Limits(expand=patience, work=patience, summary=_summary(kind))
    # A dead worker's lease runs out first, and a sweep hands its work on.
    slack = settings.JOBS_LEASE + 2 * settings.JOBS_SWEEP_INTERVAL
    work = kind.chunk_limit if kind.run_chunk else kind.item_limit
    return Limits(expand=kind.step_limit + slack, work=work + slack, summary=_summary(kind))


def _summary(kind: JobType) -> timedelta:
    return kind.step_limit + rules.SUMMARY_SLACK


def _no_workers(at: datetime) -> list[Finding]:
    """Find that work has waited for longer than a restart takes, and no worker runs."""
    waited = timedelta(seconds=oldest_bell_s("jobs"))
    waiting = Job.objects.open().filter(type__in=list(registry.caps())).count()
    if not waiting or waited <= rules.WORKERS_WITHIN:
        return []
    return [rules.no_workers(waiting, since=at - waited, at=at, url=reverse("admin:jobs"))]
