"""Gather business days as forecasts need them: what is stored of past ones, how today stands."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Sum

from batchops.calendar import moment_in_day
from batchops.kept import Kept
from monitoring import queries
from monitoring.calendar import ALL_STEPS, DayCalendar, day_calendar
from monitoring.comparable import HISTORY
from monitoring.forecast.facts import PastDay, Reading, StepPlan
from monitoring.forecast.record import DayRecord, RunRecord, Sample
from monitoring.models import MonitoringConfig, Poll, Run, RunSample, Step, StepDay
from monitoring.states import RunState

NOT_BEGUN = (RunState.PENDING, RunState.CANCELLED, RunState.GONE)
OVER = (RunState.COMPLETE, RunState.ENDED)


@dataclass(frozen=True, slots=True)
class _Stored:
    """What is stored of some business days, by day."""

    runs: Mapping[date, list[Run]]
    readings: Mapping[date, list[tuple[datetime, int]]]
    samples: Mapping[int, list[Sample]]


@dataclass(frozen=True, slots=True)
class SiteRead:
    """The workflow and the calendar by which days are read."""

    config: MonitoringConfig
    steps: Sequence[Step]
    calendar: DayCalendar

    def begins_at(self, day: date) -> datetime:
        return queries.day_bounds(day, self.config)[0]

    def is_out(self, day: date) -> bool:
        codes = (ALL_STEPS, *(step.batch_code for step in self.steps))
        return any(self.calendar.is_out(code, day) for code in codes)


_past: Kept[Sequence[PastDay]] = Kept(1)


def site_read() -> SiteRead:
    """Return the workflow, the calendar and the settings as they are now; four queries."""
    config = queries.monitoring_config()
    return SiteRead(config, list(Step.objects.order_by("sequence_order")), day_calendar(config))


def past_days(before: date, site: SiteRead) -> Sequence[PastDay]:
    """Return how the business days before `before` went, as far back as days are compared.

    Days that a planned outage touched are left out. They are kept until one of them changes.
    """
    stamp = _stamp(before, site)
    return _past.get(before, stamp=stamp, reckon=lambda: _past_days(before, site))


def records_of(days: Collection[date], site: SiteRead) -> list[DayRecord]:
    """Return what is stored of these days, with what readings saw, in their order."""
    stored = _stored(days, site, sampled=True)
    return [_record(day, site, stored) for day in days]


def record_at(poll: Poll, site: SiteRead) -> DayRecord:
    """Return the business day of a good poll as it stands now that the poll is stored."""
    day = poll.business_date
    assert day  # of every good poll
    stored = _stored([day], site, sampled=False)
    begins_at = site.begins_at(day)
    moved = {
        run.pk: [Sample(_s(run.moved_at or poll.source_at, begins_at), run.records_processed)]
        for run in stored.runs.get(day, [])
    }
    return _record(day, site, _Stored(stored.runs, stored.readings, moved))


def done_at(day: date, site: SiteRead, *, until: datetime) -> dict[str, datetime]:
    """Return when each step that was done on `day` by `until` was, as forecasts count it.

    That is with its first complete run; one that drains measurements, when none was pending for
    the first time. Two queries.
    """
    begins_at = site.begins_at(day)
    now = _record(day, site, _stored([day], site, sampled=False)).now(_s(until, begins_at))
    return {
        code: begins_at + timedelta(seconds=course.finished_s)
        for code, course in now.steps.items()
        if course.finished_s is not None
    }


def _past_days(before: date, site: SiteRead) -> Sequence[PastDay]:
    held = Run.objects.filter(business_date__gte=before - HISTORY, business_date__lt=before)
    days = sorted(set(held.order_by().values_list("business_date", flat=True).distinct()))
    stored = _stored([day for day in days if not site.is_out(day)], site, sampled=False)
    found = (_record(day, site, stored).past() for day in sorted(stored.runs))
    return tuple(past for past in found if past)


def _stamp(before: date, site: SiteRead) -> str:
    """Return what is another when a past day is, or how days are read."""
    days = StepDay.objects.filter(business_date__gte=before - HISTORY, business_date__lt=before)
    sums = days.aggregate(
        Max("updated_at"), Count("id"), Sum("total_duration_seconds"), Sum("total_records")
    )
    runs = Run.objects.filter(business_date__gte=before - HISTORY, business_date__lt=before).count()
    steps = [(s.batch_code, s.expected_start, s.depends_on_id, s.drains_imd) for s in site.steps]
    return repr((sums, runs, steps, site.config.day_start, site.calendar))


def _stored(days: Collection[date], site: SiteRead, *, sampled: bool) -> _Stored:
    codes = [step.batch_code for step in site.steps]
    begun = Run.objects.filter(business_date__in=days, batch_code__in=codes)
    runs: dict[date, list[Run]] = defaultdict(list)
    columns = ("batch_code", "business_date", "state", "started_at", "ended_at", "moved_at")
    for run in begun.exclude(state__in=NOT_BEGUN).only(*columns, "records_processed"):
        runs[run.business_date].append(run)
    polls = Poll.objects.filter(business_date__in=days, succeeded=True, pending_imd__isnull=False)
    readings: dict[date, list[tuple[datetime, int]]] = defaultdict(list)
    rows: Any = polls.order_by("source_at", "id")
    for day, at, pending in rows.values_list("business_date", "source_at", "pending_imd"):
        readings[day].append((at, pending))
    ids = [run.pk for those in runs.values() for run in those] if sampled else []
    return _Stored(runs, readings, _samples(ids, site, runs))


def _samples(
    ids: Collection[int], site: SiteRead, runs: Mapping[date, Iterable[Run]]
) -> dict[int, list[Sample]]:
    if not ids:
        return {}
    begins = {run.pk: site.begins_at(day) for day, those in runs.items() for run in those}
    found: dict[int, list[Sample]] = defaultdict(list)
    rows: Any = RunSample.objects.filter(run__in=ids).order_by("at", "id")
    for run_id, at, records, state in rows.values_list("run", "at", "records_processed", "state"):
        found[run_id].append(Sample(_s(at, begins[run_id]), records, state == RunState.FAILED))
    return found


def _record(day: date, site: SiteRead, stored: _Stored) -> DayRecord:
    begins_at = site.begins_at(day)
    readings = [Reading(_s(at, begins_at), n) for at, n in stored.readings.get(day, [])]
    return DayRecord(
        day=day,
        kind=site.calendar.kind_of(day),
        plans=[_plan(step, day, site) for step in site.steps],
        deadline_s=_s(_hour(begins_at, site.config.day_deadline), begins_at),
        runs=[
            _run(run, begins_at, stored.samples.get(run.pk, ())) for run in stored.runs.get(day, [])
        ],
        readings=readings,
    )


def _plan(step: Step, day: date, site: SiteRead) -> StepPlan:
    begins_at = site.begins_at(day)
    expected_at = queries.expected_at(step, day, config=site.config, known=site.calendar)
    return StepPlan(
        code=step.batch_code,
        expected_s=_s(expected_at, begins_at),
        depends_on=step.depends_on_id or "",
        drains_imd=step.drains_imd,
        deadline_s=_s(_hour(begins_at, step.deadline), begins_at) if step.deadline else None,
    )


def _run(run: Run, begins_at: datetime, samples: Sequence[Sample]) -> RunRecord:
    is_over = run.state in OVER
    ended_at = run.ended_at
    if is_over or run.state == RunState.FAILED:
        # Closed by hand it has no end of its own; it was over when it moved no more.
        ended_at = run.ended_at or run.moved_at or run.started_at
    return RunRecord(
        code=run.batch_code,
        started_s=_s(run.started_at, begins_at),
        ended_s=_s(ended_at, begins_at) if ended_at else None,
        complete=is_over,
        records=run.records_processed,
        samples=samples,
    )


def _hour(begins_at: datetime, hour: Any) -> datetime:
    return moment_in_day(begins_at, hour, zone=settings.SITE_ZONE)


def _s(at: datetime | None, begins_at: datetime) -> float:
    return (at - begins_at).total_seconds() if at else 0.0
