"""Read what is stored about CC&B: how fresh it is, what is due, what is unsettled."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Literal

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from batchops.calendar import business_date, business_day, moment_in_day
from batchops.ccb.failures import LOGIN_REFUSED
from batchops.ccb.snapshot import RunKey
from monitoring.calendar import DayCalendar, day_calendar
from monitoring.models import (
    WHOLE_DAY,
    MonitoringConfig,
    Poll,
    Run,
    RunThread,
    Source,
    Step,
    StepDay,
)
from monitoring.reading import Site
from monitoring.states import OPEN, RunState

OVERLAP = timedelta(minutes=30)
DETAILS_OF_HISTORY = timedelta(days=1)

_OF_KEYS = """
    FROM unnest(%s::varchar[], %s::bigint[], %s::bigint[]) AS k (batch_cd, batch_nbr, rerun_nbr)
    JOIN batch_execution_logs AS r
      ON (r.source_batch_cd, r.batch_nbr, r.rerun_nbr) = (k.batch_cd, k.batch_nbr, k.rerun_nbr)
"""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old our picture of CC&B is at the moment `at`, by our clock."""

    at: datetime
    config: MonitoringConfig
    configured: bool
    interval: timedelta
    stale_after: timedelta
    last_good: Poll | None
    last: Poll | None
    circuit_opened_at: datetime | None
    circuit_message: str
    told_stale: bool = False

    @property
    def seen_at(self) -> datetime | None:
        return self.last_good.started_at if self.last_good else None

    @property
    def source_at(self) -> datetime | None:
        """When CC&B was last seen, by its own clock."""
        return self.last_good.source_at if self.last_good else None

    @property
    def next_poll_at(self) -> datetime | None:
        """When the next poll of the schedule is due; None while none is to come."""
        if not self.configured or self.circuit_opened_at:
            return None
        return slot_of(self.at, self.interval) + self.interval

    @property
    def today(self) -> date:
        """The business day it is in CC&B, by its own clock."""
        return business_date(
            self.source_now, zone=settings.SITE_ZONE, day_start=self.config.day_start
        )

    @property
    def stale(self) -> bool:
        """Whether the last good reading is too old to say what goes on now."""
        return self.seen_at is None or self.at - self.seen_at > self.stale_after

    @property
    def late_at(self) -> datetime | None:
        """When the next reading was missed by half an interval: old, but not yet unknown."""
        return self.seen_at and self.seen_at + 1.5 * self.interval

    @property
    def late(self) -> bool:
        """Whether a reading is missing."""
        return self.late_at is not None and self.at > self.late_at

    @property
    def stale_at(self) -> datetime | None:
        return self.seen_at and self.seen_at + self.stale_after

    @property
    def silent(self) -> bool:
        """Whether somebody must be told: nothing good for too long, or the login is refused.

        Not that it is old while CC&B is out as planned, though what goes on is unknown then too.
        """
        if not self.configured:
            return False
        too_long = self.stale and bool(self.last_good or self._tried_for_long())
        return self.login_refused or (too_long and not self._silence_planned())

    @property
    def login_refused(self) -> bool:
        """Whether CC&B refused our login and was not read since, whoever said "try again"."""
        if self.circuit_opened_at:
            return True
        if self.last_good is not None and self.last == self.last_good:
            return False  # nothing was tried since
        refused = Poll.objects.filter(error_code__in=LOGIN_REFUSED)
        if self.seen_at:
            refused = refused.filter(started_at__gt=self.seen_at)
        return refused.exists()

    @property
    def source_now(self) -> datetime:
        """CC&B's clock at this moment, reckoned on from the last good reading."""
        return source_clock(self.at, self.last_good)

    @property
    def speed(self) -> str:
        """How fast CC&B's clock runs against ours, as people read it."""
        return f"{clock_speed():g}"

    @property
    def simulated(self) -> bool:
        return clock_speed() != 1

    def _silence_planned(self) -> bool:
        if self.source_at is None:
            return False
        # Trouble of before an outage stays one, and after it a reading needs time to succeed.
        patience = self.stale_after * clock_speed()
        known = day_calendar(self.config)
        return known.silent(self.source_at + patience, self.source_now - patience)

    def _tried_for_long(self) -> bool:
        first = Poll.objects.order_by("started_at").values_list("started_at", flat=True).first()
        return first is not None and self.at - first > self.stale_after


@dataclass(frozen=True, slots=True)
class Ground:
    """What people set and what is known of the source, read once for all of one poll."""

    config: MonitoringConfig
    steps: Sequence[Step]
    source: Source

    @property
    def site(self) -> Site:
        """Our names of CC&B's batches, and where the site's business days begin."""
        return _site(self.config, {step.source_batch_cd: step.batch_code for step in self.steps})


@dataclass(frozen=True, slots=True)
class Due:
    """A poll that should be made: of a slot, or because somebody asked."""

    slot: datetime | None
    asked_by: str


def clock_speed() -> float:
    """Return how many seconds pass on CC&B's clock in one of ours; 1 but for the simulator."""
    return float(settings.CCB_CLOCK_SPEED)


def monitoring_config() -> MonitoringConfig:
    """Return the settings people made, or their defaults before the first data is loaded."""
    return MonitoringConfig.objects.filter(pk=1).first() or MonitoringConfig(pk=1)


def source() -> Source:
    """Return what is known of CC&B as a whole, empty before anything is."""
    return Source.objects.filter(pk=1).first() or Source(pk=1)


def ground() -> Ground:
    """Return what a poll stands on, in three queries."""
    return Ground(monitoring_config(), list(Step.objects.order_by("sequence_order")), source())


def poll_interval(config: MonitoringConfig) -> timedelta:
    """Return the time between scheduled polls on our clock."""
    return timedelta(minutes=config.poll_minutes) / clock_speed()


def source_clock(at: datetime, last: Poll | None) -> datetime:
    """Return CC&B's clock when ours shows `at`, reckoned on from the last good reading."""
    if last is None or last.source_at is None:
        return at
    reckoned: datetime = last.source_at + (at - last.started_at) * clock_speed()
    return reckoned


def freshness(at: datetime) -> Freshness:
    """Say how old the picture is at `at`."""
    config, known = monitoring_config(), source()
    interval = poll_interval(config)
    last = Poll.objects.order_by("-started_at", "-id").first()
    # A poll that began in time may take a while, and must not count as missing meanwhile.
    patience = min(settings.CCB_DEADLINE, interval / 3)
    return Freshness(
        at=at,
        config=config,
        configured=bool(settings.CCB_URL),
        interval=interval,
        stale_after=interval * config.stale_after_polls + patience,
        last_good=last if last is None or last.succeeded else last_good_poll(),
        last=last,
        circuit_opened_at=known.circuit_opened_at,
        circuit_message=known.circuit_message,
        told_stale=known.stale,
    )


def last_good_poll() -> Poll | None:
    """Return the last poll that read CC&B, None before the first."""
    return Poll.objects.filter(succeeded=True).order_by("-started_at").first()


def first_day() -> date | None:
    """Return the first business day of which a run is held, None before there is one."""
    return Run.objects.order_by("business_date").values_list("business_date", flat=True).first()


def threads_of(runs: Collection[Run]) -> dict[int, list[RunThread]]:
    """Return the threads of runs by number, by the run's id; one query."""
    found: dict[int, list[RunThread]] = {}
    for thread in RunThread.objects.filter(run__in=runs).order_by("run", "number"):
        found.setdefault(thread.run_id, []).append(thread)
    return found


def due_poll(at: datetime) -> Due | None:
    """Return the poll that is due at `at`, None when there is none or the circuit is open."""
    known = source()
    if not settings.CCB_URL or known.circuit_opened_at:
        return None
    slot = slot_of(at, poll_interval(monitoring_config()))
    if not Poll.objects.filter(slot=slot).exists():
        return Due(slot, "system:watch")
    asked_at = known.poll_asked_at
    if asked_at and not Poll.objects.filter(started_at__gte=asked_at).exists():
        return Due(None, known.poll_asked_by)
    return None


def slot_of(at: datetime, interval: timedelta) -> datetime:
    """Return the beginning of the slot that `at` lies in; slots count from the epoch."""
    seconds = interval.total_seconds()
    return datetime.fromtimestamp(at.timestamp() // seconds * seconds, UTC)


def read_since(at: datetime, last: Poll | None, config: MonitoringConfig) -> datetime:
    """Return from when on a poll at `at` must read after the last good one, by CC&B's clock.

    The first poll takes the days that the log keeps; a later one goes back 30 minutes behind the
    last good one, because what is committed late bears an earlier time.
    """
    if last is None or last.source_at is None:
        return at - kept_in_detail(config)
    # On the wall clock, as CC&B's dates are: an hour that comes twice is read from its beginning.
    overlapped: datetime = last.source_at.astimezone(settings.SITE_ZONE) - OVERLAP
    return overlapped


def details_since(since: datetime, at: datetime) -> datetime:
    """Return from when on a poll reads threads one by one: of history, only their counts."""
    return max(since, at - DETAILS_OF_HISTORY)


def kept_in_detail(config: MonitoringConfig) -> timedelta:
    """Return for how long more than one row of a run is kept."""
    return timedelta(days=config.log_retention_days)


def unsettled_keys(
    at: datetime, config: MonitoringConfig, watching_since: datetime | None
) -> list[RunKey]:
    """Return the keys of the runs that may still change without a new date: open or failed.

    Failed ones are asked for again as long as the log keeps them in detail.
    """
    unsettled = Q(state__in=[*OPEN, RunState.UNKNOWN])
    if watching_since is not None:
        ours = Q(started_at__gte=watching_since - timedelta(days=7)) | Q(seen_to_move=True)
        young = Q(state=RunState.FAILED, started_at__gte=at - kept_in_detail(config))
        unsettled |= young & ours
    rows = Run.objects.filter(unsettled).values_list("source_batch_cd", "batch_nbr", "rerun_nbr")
    return [RunKey(*row) for row in rows]


def watched(states: Collection[RunState], *, since: datetime | None) -> QuerySet[Run]:
    """Return the runs in `states` that came to them since we watch, older ones being history."""
    return since_we_watch(Run.objects.filter(state__in=states).order_by("id"), since)


def last_complete_runs(*, since: datetime | None) -> QuerySet[Run]:
    """Return of each step the complete run that began last, if it ended since we watch.

    Of two that began at once it is the one that we read later.
    """
    complete = Run.objects.filter(batch_code=OuterRef("batch_code"), state=RunState.COMPLETE)
    last = Subquery(complete.order_by("-started_at", "-pk").values("pk")[:1])
    return since_we_watch(
        Run.objects.filter(pk__in=Step.objects.order_by().values_list(last)), since
    )


def since_we_watch(runs: QuerySet[Run], since: datetime | None) -> QuerySet[Run]:
    """Return those of `runs` that came to their states since we watch; None: not yet decided."""
    if since is None:
        return runs
    # CC&B may tell no time of a run that a poll saw move.
    known = runs.alias(last_at=Coalesce("ended_at", "started_at"))
    return known.filter(Q(last_at__gte=since) | Q(seen_to_move=True))


def runs_by_key(keys: Iterable[RunKey]) -> dict[RunKey, Run]:
    """Return the runs we hold of these keys."""
    # As arrays: the first reading asks for more keys than a list of values can hold.
    runs = Run.objects.raw(f"SELECT r.* {_OF_KEYS}", _key_columns(keys))
    return {key_of(run): run for run in runs}


def run_ids_by_key(keys: Collection[RunKey]) -> dict[RunKey, int]:
    """Return the ids of the runs we hold of these keys."""
    return dict(_columns_of_keys("id", keys))


def states_by_key(keys: Collection[RunKey]) -> dict[RunKey, RunState]:
    """Return the states of the runs we hold of these keys."""
    return {key: RunState(state) for key, state in _columns_of_keys("state", keys)}


def _columns_of_keys(column: Literal["id", "state"], keys: Collection[RunKey]) -> Any:
    if not keys:
        return []
    sql = f"SELECT r.source_batch_cd, r.batch_nbr, r.rerun_nbr, r.{column} {_OF_KEYS}"
    with connection.cursor() as cursor:
        cursor.execute(sql, _key_columns(keys))
        return [(RunKey(*row[:3]), row[3]) for row in cursor.fetchall()]


def _key_columns(keys: Iterable[RunKey]) -> list[list[Any]]:
    unique = list(dict.fromkeys(keys))
    return [[key[place] for key in unique] for place in range(3)]


def key_of(run: Run) -> RunKey:
    """Return CC&B's key of a run."""
    return RunKey(run.source_batch_cd, run.batch_nbr, run.rerun_nbr)


def source_codes() -> list[str]:
    """Return CC&B's batch codes of the steps, in their order."""
    return list(Step.objects.order_by("sequence_order").values_list("source_batch_cd", flat=True))


def site(config: MonitoringConfig) -> Site:
    """Return our names of CC&B's batches and where the site's business days begin."""
    return _site(config, dict(Step.objects.values_list("source_batch_cd", "batch_code")))


def _site(config: MonitoringConfig, code_of: Mapping[str, str]) -> Site:
    day_of = partial(business_date, zone=settings.SITE_ZONE, day_start=config.day_start)
    return Site(code_of, day_of, settings.SITE_ZONE)


def left_pending() -> set[tuple[str, date]]:
    """Return the codes of steps that work off measurements with the days that left some pending.

    A day did when measurements were pending at its last reading. One query.
    """
    drains = Step.objects.filter(drains_imd=True).order_by()
    left = StepDay.objects.filter(batch_code=WHOLE_DAY, imd_left__gt=0)
    days = left.annotate(codes=ArraySubquery(drains.values("batch_code")))
    found = days.values_list("business_date", "codes")
    return {(code, day) for day, codes in found for code in codes}


def expected_at(step: Step, day: date, *, config: MonitoringConfig, known: DayCalendar) -> datetime:
    """Return when the step should start on a business day; after an outage planned for then."""
    begins_at, _ = day_bounds(day, config)
    hour = moment_in_day(begins_at, step.expected_start, zone=settings.SITE_ZONE)
    return known.works_from(step.batch_code, hour)


def day_bounds(day: date, config: MonitoringConfig) -> tuple[datetime, datetime]:
    """Return the first moment of business day `day` and of the next."""
    return business_day(day, zone=settings.SITE_ZONE, day_start=config.day_start)
