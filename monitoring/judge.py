"""Judge the runs after a good reading: gather the picture, ask the rules, make alerts agree."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings

from alerts.lifecycle import reconcile
from alerts.queries import unsettled_of_rules
from monitoring import comparable, outlook, queries
from monitoring.calendar import day_calendar
from monitoring.facts import (
    JUDGED_STATES,
    POLLS,
    comparable_polls,
    run_facts,
    step_facts,
    submission_facts,
)
from monitoring.lifecycle import Recorded
from monitoring.models import MonitoringConfig, Poll, RuleSetting, Run, RunSample, Submission
from monitoring.reading import Site
from monitoring.rules import judging, over
from monitoring.rules.catalogue import JUDGED, Rulebook
from monitoring.rules.facts import Picture, PollFacts, RunFacts, SubmissionFacts
from monitoring.states import RunState


def judge_runs(recorded: Recorded, *, at: datetime) -> None:
    """Forecast the day, evaluate the rules on what a poll saw, and open and resolve alerts.

    Twice changes nothing. What the runs that the poll changed are now is why an alert is over.
    The number of queries does not depend on that of runs. The caller holds the turn of all polls.
    """
    outlook.foresee(recorded.poll)
    unsettled = unsettled_of_rules(JUDGED)
    standing = frozenset((rule, key) for rule, key, is_active in unsettled if is_active)
    picture, known = _look(recorded, standing)
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
    recorded: Recorded, standing: frozenset[tuple[str, str]]
) -> tuple[Picture, list[RunFacts]]:
    """Return the picture at a poll, and all runs that are known."""
    poll, config, steps = recorded.poll, recorded.ground.config, recorded.ground.steps
    at, day = poll.source_at, poll.business_date
    assert at and day  # of every good poll
    held, known = _held(day, recorded), day_calendar(config)
    codes = {step.batch_code for step in steps}  # of others nobody asks what is usual
    judged = [run for run in (*held.complete, *held.running) if run.batch_code in codes]
    polls = _polls(poll, config)
    today: dict[str, list[RunFacts]] = defaultdict(list)
    for run in held.today:
        today[run.batch_code].append(run)
    picture = Picture(
        at=at,
        zone=settings.SITE_ZONE,
        day=day,
        steps=step_facts(day, config, steps, known),
        polls=polls,
        runs=held.watched,
        today=today,
        last_complete={run.batch_code: run for run in held.complete},
        submissions=_submissions(recorded.ground.site),
        usual=comparable.usual_runs({(run.batch_code, run.business_date) for run in judged}, known),
        records=_records(held.running),
        drained=_drained(day),
        outlook=outlook.outlooks(day, polls),
        stuck_after=timedelta(minutes=config.stuck_minutes),
        book=Rulebook(each.read() for each in RuleSetting.objects.select_related("step")),
        standing=standing,
    )
    return picture, held.known


def _held(day: date, recorded: Recorded) -> _Held:
    since = recorded.watching_since
    watched = list(queries.watched(JUDGED_STATES, since=since))
    today = list(Run.objects.filter(business_date=day).order_by("started_at", "id"))
    complete = list(queries.last_complete_runs(since=since))
    parts = (watched, today, complete, recorded.known)
    return _Held(*([run_facts(run, run) for run in part] for part in parts))


def _polls(poll: Poll, config: MonitoringConfig) -> tuple[PollFacts, ...]:
    """Return the good readings up to `poll` that lie far enough apart, `poll` the last."""
    good = Poll.objects.filter(succeeded=True, started_at__lte=poll.started_at)
    rows = good.order_by("-started_at").values_list("source_at", "pending_imd")[:POLLS]
    polls = [PollFacts(at, pending) for at, pending in reversed(rows) if at]
    return comparable_polls(polls, config)


def _drained(day: date) -> list[datetime]:
    empty = Poll.objects.filter(business_date=day, succeeded=True, pending_imd=0)
    return [at for at in empty.values_list("source_at", flat=True) if at]


def _submissions(where: Site) -> list[SubmissionFacts]:
    open_ones = Submission.objects.filter(over_at=None).order_by("job_id")
    return [submission_facts(entry, where) for entry in open_ones]


def _records(runs: Collection[RunFacts]) -> dict[str, list[tuple[datetime, int]]]:
    """Return how many records each run had at the readings that saw them change, by its key."""
    keys = {run.id: run.key for run in runs}
    samples = RunSample.objects.filter(run__in=keys).order_by("at")
    course: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for run_id, at, records in samples.values_list("run_id", "at", "records_processed"):
        course[keys[run_id]].append((at, records))
    return course
