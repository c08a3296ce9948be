"""Read what a poll stands on, when one is due, and what it must read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings

from batchops.calendar import business_date
from monitoring.models import MonitoringConfig, Poll, Source, Step
from monitoring.queries.age import monitoring_config, poll_interval, slot_of, source
from monitoring.reading import Site

OVERLAP = timedelta(minutes=30)
DETAILS_OF_HISTORY = timedelta(days=1)


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


def ground() -> Ground:
    """Return what a poll stands on, in three queries."""
    return Ground(monitoring_config(), list(Step.objects.order_by("sequence_order")), source())


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


def source_codes() -> list[str]:
    """Return CC&B's batch codes of the steps, in their order."""
    return list(Step.objects.order_by("sequence_order").values_list("source_batch_cd", flat=True))


def site(config: MonitoringConfig) -> Site:
    """Return our names of CC&B's batches and where the site's business days begin."""
    return _site(config, dict(Step.objects.values_list("source_batch_cd", "batch_code")))


def _site(config: MonitoringConfig, code_of: Mapping[str, str]) -> Site:
    day_of = partial(business_date, zone=settings.SITE_ZONE, day_start=config.day_start)
    return Site(code_of, day_of, settings.SITE_ZONE)
