"""Look at CC&B as past polls saw it: the picture that rules were given at each of them."""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from monitoring import comparable, outlook, queries
from monitoring.calendar import DayCalendar, day_calendar
from monitoring.facts import (
    JUDGED_STATES,
    POLLS,
    comparable_polls,
    run_facts,
    step_facts,
    submission_facts,
)
from monitoring.models import MonitoringConfig, Poll, Run, RunSample, Step, SubmissionSample
from monitoring.reading import Site
from monitoring.rules.facts import Picture, PollFacts, RunFacts, SubmissionFacts, Usual
from monitoring.states import RunState

SEEN = (
    "run_id",
    "state",
    "status_code",
    "started_at",
    "ended_at",
    "own_ended_at",
    "restarted_at",
    "entered_at",
    "moved_at",
    "seen_to_move",
    "business_date",
    "error_message",
    "records_processed",
    "records_in_error",
    "heartbeat",
    "instances",
)
# Of a step that many complete runs: more than can still turn out not to be complete.
COMPLETE_KEPT = 20
FORGOTTEN_AFTER = timedelta(days=3)
Wanted = tuple[str, date]


@dataclass(slots=True)
class Past:
    """What rules may know, carried from one past reading to the next."""

    config: MonitoringConfig
    steps: Sequence[Step]
    where: Site
    calendar: DayCalendar
    watching_since: datetime | None
    watched: dict[int, RunFacts] = field(default_factory=dict)
    known: dict[int, RunFacts] = field(default_factory=dict)
    by_day: dict[date, dict[int, RunFacts]] = field(default_factory=lambda: defaultdict(dict))
    groups: dict[date, dict[str, list[RunFacts]]] = field(default_factory=lambda: defaultdict(dict))
    complete: dict[str, dict[int, RunFacts]] = field(default_factory=lambda: defaultdict(dict))
    courses: dict[int, list[tuple[datetime, int]]] = field(default_factory=dict)
    queue: dict[str, SubmissionFacts] = field(default_factory=dict)
    polls: deque[PollFacts] = field(default_factory=lambda: deque(maxlen=POLLS))
    drained: dict[date, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    usual: dict[Wanted, Usual] = field(default_factory=dict)
    run_ids: dict[str, int] = field(default_factory=dict)

    def pictures(self, days: Sequence[date]) -> Iterator[tuple[date, list[Picture]]]:
        """Return the pictures of each day's good readings, oldest first, a day at a time.

        Steps, settings and what was usual are taken as they are now. The days must follow one
        another; what went before the first is known as far as nothing changed since.
        """
        rows = _Rows(list(_unsampled(days, self.watching_since)))
        for day in days:
            polls = Poll.objects.filter(succeeded=True, business_date=day).order_by("started_at")
            yield day, self._day(day, list(polls), rows)

    def _day(self, day: date, polls: Sequence[Poll], rows: "_Rows") -> list[Picture]:
        if not polls:
            return []
        self._forget(day)
        seen, queued = rows.sampled(day), _queued(day)
        steps = step_facts(day, self.config, self.steps, self.calendar)
        blank = Picture(
            at=polls[0].started_at,
            zone=settings.SITE_ZONE,
            day=day,
            steps=steps,
            outlook=outlook.outlooks_of_day(day),
            stuck_after=timedelta(minutes=self.config.stuck_minutes),
        )
        drawn = []
        for poll in polls:
            for run in rows.appeared_by(poll):
                self._take(run, run, poll)
            for run, sample in seen.get(poll.pk, ()):
                self._take(run, sample, poll)
            for entry in queued.get(poll.pk, ()):
                self._take_entry(entry)
            drawn.append(self._picture(poll, blank))
        return self._with_usual(drawn)

    def _forget(self, day: date) -> None:
        for past in [each for each in self.by_day if each < day - FORGOTTEN_AFTER]:
            self.groups.pop(past, None)
            for run_id in self.by_day.pop(past):
                if run_id not in self.watched:
                    self.known.pop(run_id, None)
                    self.courses.pop(run_id, None)

    def _take(self, run: Run, seen: Any, poll: Poll) -> None:
        """Note how a run stood at a reading that saw it change."""
        facts = run_facts(run, seen)
        before = self.known.get(run.pk)
        if before is not None:
            self.by_day[before.business_date].pop(run.pk, None)
            self.groups[before.business_date].pop(run.batch_code, None)
        self.known[run.pk] = self.by_day[facts.business_date][run.pk] = facts
        self.groups[facts.business_date].pop(facts.batch_code, None)
        self.run_ids[facts.key] = run.pk
        ours = self._is_ours(facts, seen)
        _keep(self.watched, facts, wanted=ours and facts.state in JUDGED_STATES)
        done = self.complete[facts.batch_code]
        _keep(done, facts, wanted=ours and facts.state is RunState.COMPLETE)
        if len(done) > 2 * COMPLETE_KEPT:
            newest = sorted(done.values(), key=_began)[-COMPLETE_KEPT:]
            self.complete[facts.batch_code] = {each.id: each for each in newest}
        assert poll.source_at  # of every good poll
        course = self.courses.setdefault(run.pk, [])
        course.append((poll.source_at, facts.records_processed))

    def _is_ours(self, facts: RunFacts, seen: Any) -> bool:
        since = self.watching_since
        return since is None or seen.seen_to_move or (facts.ended_at or facts.started_at) >= since

    def _take_entry(self, entry: SubmissionSample) -> None:
        facts = submission_facts(entry, self.where)
        if entry.over_at is None:
            self.queue[entry.job_id] = facts
        else:
            self.queue.pop(entry.job_id, None)

    def _picture(self, poll: Poll, blank: Picture) -> Picture:
        assert poll.source_at  # of every good poll
        self.polls.append(PollFacts(poll.source_at, poll.pending_imd))
        if poll.pending_imd == 0:
            self.drained[blank.day].append(poll.source_at)
        runs = [run for _, run in sorted(self.watched.items())]
        running = [run for run in runs if run.state is RunState.RUNNING]
        last = {
            code: max(self.complete[code].values(), key=_began, default=None)
            for code in blank.steps
        }
        polls = comparable_polls(list(self.polls), self.config)
        return replace(
            blank,
            at=poll.source_at,
            polls=polls,
            runs=runs,
            today=self._grouped(blank.day),
            last_complete={code: run for code, run in last.items() if run},
            submissions=[entry for _, entry in sorted(self.queue.items())],
            usual=self.usual,
            records={run.key: tuple(self.courses[run.id]) for run in running},
            drained=tuple(self.drained[blank.day]),
            outlook=outlook.made_at(blank.outlook, polls),
        )

    def _grouped(self, day: date) -> dict[str, list[RunFacts]]:
        """Return the day's runs by their batch; only what changed is put together anew."""
        groups = self.groups[day]
        anew: dict[str, list[RunFacts]] = defaultdict(list)
        for run in self.by_day[day].values():
            if run.batch_code not in groups:
                anew[run.batch_code].append(run)
        groups |= {code: sorted(runs, key=_began) for code, runs in anew.items()}
        return dict(groups)

    def _with_usual(self, drawn: list[Picture]) -> list[Picture]:
        """Have it known what was usual for the runs that the pictures judge by it."""
        asked = {
            (run.batch_code, run.business_date)
            for picture in drawn
            for run in (*picture.last_complete.values(), *picture.in_state(RunState.RUNNING))
            if run.batch_code in picture.steps
        }
        unknown = asked - self.usual.keys()
        self.usual.update(
            dict.fromkeys(unknown, Usual()) | comparable.usual_runs(unknown, self.calendar)
        )
        return drawn


class _Rows:
    """Read what polls kept of runs, day by day."""

    def __init__(self, unsampled: list[Run]) -> None:
        self._unsampled = deque(unsampled)
        self._runs: dict[int, Run] = {}

    def appeared_by(self, poll: Poll) -> Iterator[Run]:
        """Return the runs without samples that were there by now and not yet returned."""
        stored_at = poll.started_at + timedelta(seconds=poll.took_s, milliseconds=1)
        while self._unsampled and self._unsampled[0].created_at <= stored_at:
            yield self._unsampled.popleft()

    def sampled(self, day: date) -> dict[int, list[tuple[Run, Any]]]:
        """Return the samples of the day's polls with their runs, by the poll's id."""
        samples = RunSample.objects.filter(poll__business_date=day, started_at__isnull=False)
        rows = samples.order_by("poll_id", "id").values_list("poll_id", *SEEN, named=True)
        seen = list(rows)
        self._runs = Run.objects.in_bulk({row.run_id for row in seen})
        return {
            poll_id: [(self._runs[row.run_id], row) for row in group if row.run_id in self._runs]
            for poll_id, group in groupby(seen, key=lambda row: row.poll_id)
        }


def open_past(config: MonitoringConfig) -> Past:
    """Return a past in which nothing was read yet."""
    return Past(
        config=config,
        steps=list(Step.objects.order_by("sequence_order")),
        where=queries.site(config),
        calendar=day_calendar(config),
        watching_since=queries.source().watching_since,
    )


def _unsampled(days: Sequence[date], since: datetime | None) -> Iterator[Run]:
    """Return, by when they were first held, the runs of which no poll kept more than their row.

    They are as they were throughout: what changed would have a sample.
    """
    sampled = RunSample.objects.filter(run=OuterRef("pk"), started_at__isnull=False)
    ours = queries.since_we_watch(Run.objects.filter(~Exists(sampled)), since)
    of_days = Q(business_date__gte=days[0], business_date__lte=days[-1])
    lasting = Q(state__in=JUDGED_STATES) | Q(
        pk__in=queries.last_complete_runs(since=since).values("pk")
    )
    yield from ours.filter(of_days | lasting).order_by("created_at", "id")


def _queued(day: date) -> dict[int, list[SubmissionSample]]:
    found: dict[int, list[SubmissionSample]] = defaultdict(list)
    for entry in SubmissionSample.objects.filter(poll__business_date=day).order_by("id"):
        found[entry.poll_id].append(entry)
    return found


def _keep(held: dict[int, RunFacts], facts: RunFacts, *, wanted: bool) -> None:
    if wanted:
        held[facts.id] = facts
    else:
        held.pop(facts.id, None)


def _began(run: RunFacts) -> tuple[datetime, int]:
    return run.started_at, run.id
