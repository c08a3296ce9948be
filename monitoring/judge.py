"""Judge the runs after a good reading: gather the picture, ask the rules, make alerts agree."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.urls import reverse

from alerts.lifecycle import reconcile
from alerts.queries import unsettled_of_rules
from batchops.ccb.snapshot import RunKey
from monitoring import comparable, outlook, queries
from monitoring.calendar import day_calendar
from monitoring.models import (
    MonitoringConfig,
    Poll,
    RuleSetting,
    Run,
    RunEvent,
    RunSample,
    Step,
    Submission,
)
from monitoring.reading import Site
from monitoring.rules import judging, over
from monitoring.rules.catalogue import JUDGED, Rulebook
from monitoring.rules.facts import (
    Picture,
    PollFacts,
    RunFacts,
    StepFacts,
    SubmissionFacts,
    far_apart,
)
from monitoring.states import OPEN, RunState

JUDGED_STATES = (*OPEN, RunState.FAILED, RunState.UNKNOWN)
POLLS = 100  # good readings looked at, more than any rule asks for, also when many were doubled


def judge_runs(changed: Iterable[Run], *, poll: Poll, at: datetime) -> None:
    """Forecast the day, evaluate the rules on what `poll` saw, and open and resolve alerts.

    Twice changes nothing.
    `changed` are the runs that the poll changed: what they are now is why an alert is over. The
    number of queries does not depend on that of runs. The caller holds the turn of all polls.
    """
    outlook.foresee(poll)
    unsettled = unsettled_of_rules(JUDGED)
    standing = frozenset((rule, key) for rule, key, is_active in unsettled if is_active)
    picture, known = _look(poll, changed, standing)
    reasons = over.reasons(standing, picture, known)
    moved = {rule for rule, _, _ in unsettled}
    for rule, findings in judging.judge(picture).items():
        if findings or rule in moved:
            reconcile(rule, findings, at=at, actor="system:watch", reasons=reasons.get(rule))


@dataclass(frozen=True, slots=True)
class _Held:
    """The runs we hold that rules look at, each as what rules may know of it."""

    watched: list[RunFacts]
    today: list[RunFacts]
    complete: list[RunFacts]
    changed: list[RunFacts]

    @property
    def running(self) -> list[RunFacts]:
        return [run for run in self.watched if run.state is RunState.RUNNING]

    @property
    def known(self) -> list[RunFacts]:
        return [*self.changed, *self.complete, *self.today, *self.watched]


def _look(
    poll: Poll, changed: Iterable[Run], standing: frozenset[tuple[str, str]]
) -> tuple[Picture, list[RunFacts]]:
    """Return the picture at `poll`, and all runs that are known."""
    config = queries.monitoring_config()
    at, day = poll.source_at, poll.business_date
    assert at and day  # of every good poll
    held = _held(day, changed)
    judged = [*held.complete, *held.running]
    polls = _polls(poll, config)
    today: dict[str, list[RunFacts]] = defaultdict(list)
    for run in held.today:
        today[run.batch_code].append(run)
    picture = Picture(
        at=at,
        zone=settings.SITE_ZONE,
        day=day,
        steps=_steps(day, config),
        polls=polls,
        runs=held.watched,
        today=today,
        last_complete={run.batch_code: run for run in held.complete},
        submissions=_submissions(queries.site(config)),
        usual=comparable.usual_runs({(run.batch_code, run.business_date) for run in judged}),
        records=_records(held.running),
        drained=_drained(day),
        outlook=outlook.outlooks(day, polls),
        stuck_after=timedelta(minutes=config.stuck_minutes),
        book=Rulebook(each.read() for each in RuleSetting.objects.select_related("step")),
        standing=standing,
    )
    return picture, held.known


def _held(day: date, changed: Iterable[Run]) -> _Held:
    watched = list(queries.watched(*JUDGED_STATES))
    today = list(Run.objects.filter(business_date=day).order_by("started_at", "id"))
    complete = list(queries.last_complete_runs())
    parts = (watched, today, complete, list(changed))
    events = _last_events({run.pk for part in parts for run in part})
    return _Held(*([_facts(run, events.get(run.pk)) for run in part] for part in parts))


def _last_events(run_ids: Collection[int]) -> dict[int, RunEvent]:
    events = RunEvent.objects.filter(run__in=run_ids).order_by("run", "-id").distinct("run")
    return {event.run_id: event for event in events}


def _facts(run: Run, event: RunEvent | None) -> RunFacts:
    return RunFacts(
        id=run.pk,
        key=str(run),
        batch_code=run.batch_code,
        business_date=run.business_date,
        state=RunState(run.state),
        status_code=run.status_code,
        started_at=run.started_at,
        ended_at=run.ended_at,
        own_ended_at=run.own_ended_at,
        since=_since(run, event),
        moved_at=run.moved_at,
        mark=f"{run.heartbeat}/{run.records_processed}/{run.instances}",
        message=run.error_message,
        records_processed=run.records_processed,
        records_in_error=run.records_in_error,
        url=reverse("admin:run", args=[run.pk]),
    )


def _since(run: Run, event: RunEvent | None) -> datetime:
    """Return when the run came to its state; of a running one its start, or its last restart.

    CC&B tells both of a running one, so it does not matter which readings saw it.
    """
    if run.state == RunState.RUNNING:
        return run.restarted_at or run.started_at
    return datetime.fromisoformat(event.after["entered_at"]) if event else run.started_at


def _steps(day: date, config: MonitoringConfig) -> dict[str, StepFacts]:
    known = day_calendar(config)
    return {
        step.batch_code: StepFacts(
            code=step.batch_code,
            expected_at=queries.expected_at(step, day, config=config, known=known),
            grace=timedelta(minutes=step.grace_minutes),
            expected=timedelta(minutes=step.expected_minutes),
            longest=timedelta(minutes=step.max_minutes),
            repeats=step.repeats,
            drains_imd=step.drains_imd,
            depends_on=step.depends_on_id or "",
            stuck_profile=step.stuck_profile,
            rps_floor=step.rps_floor,
        )
        for step in Step.objects.order_by("sequence_order")
    }


def _polls(poll: Poll, config: MonitoringConfig) -> tuple[PollFacts, ...]:
    """Return the good readings up to `poll` that lie far enough apart, `poll` the last."""
    good = Poll.objects.filter(succeeded=True, started_at__lte=poll.started_at)
    rows = good.order_by("-started_at").values_list("source_at", "pending_imd")[:POLLS]
    polls = [PollFacts(at, pending) for at, pending in reversed(rows) if at]
    return far_apart(polls, timedelta(minutes=config.poll_minutes) / 2)


def _drained(day: date) -> list[datetime]:
    empty = Poll.objects.filter(business_date=day, succeeded=True, pending_imd=0)
    return [at for at in empty.values_list("source_at", flat=True) if at]


def _submissions(where: Site) -> list[SubmissionFacts]:
    return [
        SubmissionFacts(
            key=f"submission {entry.job_id}",
            batch_code=where.code_of.get(entry.source_batch_cd, entry.source_batch_cd),
            business_date=where.day_of(entry.requested_at or entry.first_seen_at),
            status_code=entry.status_code,
            run_key=str(RunKey(entry.source_batch_cd, entry.batch_nbr, entry.rerun_nbr))
            if entry.batch_nbr
            else "",
            since=entry.requested_at or entry.first_seen_at,
            orphan_since=entry.orphan_since,
            url=reverse("admin:runs"),
        )
        for entry in Submission.objects.filter(over_at=None).order_by("job_id")
    ]


def _records(runs: Collection[RunFacts]) -> dict[str, list[tuple[datetime, int]]]:
    """Return how many records each run had at the readings that saw them change, by its key."""
    keys = {run.id: run.key for run in runs}
    samples = RunSample.objects.filter(run__in=keys).order_by("at")
    course: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for run_id, at, records in samples.values_list("run_id", "at", "records_processed"):
        course[keys[run_id]].append((at, records))
    return course
