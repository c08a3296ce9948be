"""Read how old our picture of CC&B is, and by which clock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection
from django.db.models import Model

from batchops.calendar import business_date
from batchops.ccb.failures import LOGIN_REFUSED
from monitoring.calendar import day_calendar
from monitoring.models import MonitoringConfig, Poll, Source

# Every page asks for these three: one statement costs a quarter of what three do.
PICTURE_SQL = """
    SELECT {columns}
      FROM (SELECT 1 AS id) AS one
      LEFT JOIN batch_monitoring_config AS config USING (id)
      LEFT JOIN monitoring_source AS source USING (id)
      LEFT JOIN (SELECT * FROM monitoring_poll ORDER BY started_at DESC, id DESC LIMIT 1) AS poll
                ON true
"""
Row = TypeVar("Row", bound=Model)


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

    def here(self, moment: datetime) -> datetime:
        """Return when our clock shows what CC&B's calls `moment`."""
        return self.at - (self.source_now - moment) / clock_speed()

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


def clock_speed() -> float:
    """Return how many seconds pass on CC&B's clock in one of ours; 1 but for the simulator."""
    return float(settings.CCB_CLOCK_SPEED)


def monitoring_config() -> MonitoringConfig:
    """Return the settings people made, or their defaults before the first data is loaded."""
    return MonitoringConfig.objects.filter(pk=1).first() or MonitoringConfig(pk=1)


def source() -> Source:
    """Return what is known of CC&B as a whole, empty before anything is."""
    return Source.objects.filter(pk=1).first() or Source(pk=1)


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
    config, known, last = _picture()
    interval = poll_interval(config)
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


def _picture() -> tuple[MonitoringConfig, Source, Poll | None]:
    """Return people's settings, what is known of CC&B, and the last poll; one query."""
    kinds: dict[str, type[Model]] = {"config": MonitoringConfig, "source": Source, "poll": Poll}
    columns = [
        f"{name}.{field.column}" for name, kind in kinds.items() for field in _fields_of(kind)
    ]
    with connection.cursor() as cursor:
        cursor.execute(PICTURE_SQL.format(columns=", ".join(columns)))
        values = iter(cursor.fetchone())
    config = _made(MonitoringConfig, values) or MonitoringConfig(pk=1)
    known = _made(Source, values) or Source(pk=1)
    return config, known, _made(Poll, values)


def _made(kind: type[Row], values: Iterator[Any]) -> Row | None:
    """Return the row that the next values are of; None where there is none."""
    row = {field.attname: next(values) for field in _fields_of(kind)}
    return None if row["id"] is None else kind.from_db(connection.alias, row.keys(), row.values())


def _fields_of(kind: type[Model]) -> Sequence[Any]:
    return kind._meta.concrete_fields


def last_good_poll() -> Poll | None:
    """Return the last poll that read CC&B, None before the first."""
    return Poll.objects.filter(succeeded=True).order_by("-started_at").first()


def slot_of(at: datetime, interval: timedelta) -> datetime:
    """Return the beginning of the slot that `at` lies in; slots count from the epoch."""
    seconds = interval.total_seconds()
    return datetime.fromtimestamp(at.timestamp() // seconds * seconds, UTC)
