import signal
import time
from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from threading import Event
from types import FrameType
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from batchops.calendar import business_date
from batchops.ccb.errors import CcbError, UnknownScenario
from batchops.ccb.simulator.plan import DAY_START
from batchops.ccb.simulator.play import Simulator, describe, play

# A predecessor that was killed frees its hold as soon as the server notices.
HOLD_PATIENCE_S = 3
RECONNECT_S = 2
# A day in a second.
FASTEST = 86_400
# Identifiers count days since 2015 in five digits.
FIRST_DAY, LAST_DAY, MOST_DAYS = date(2020, 1, 1), date(2099, 12, 31), 1_800


class Command(BaseCommand):
    help = "Make a CC&B that does not exist, with its history, and let its day go by."
    requires_system_checks = ["batchops"]
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", default=settings.CCB_OWNER_URL, help="default: CCB_OWNER_URL")
        parser.add_argument("--speed", type=_speed, default=settings.CCB_CLOCK_SPEED)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--days", type=_days, default=400, help="business days of history")
        parser.add_argument(
            "--agreements", type=int, default=5_000, help="prepaid agreements that bill stop finds"
        )
        parser.add_argument("--scenario", default="demo", help="what happens: docs/simulator.md")
        parser.add_argument(
            "--pattern", default="steady", help="how the years go: steady or drifting"
        )
        parser.add_argument(
            "--day",
            type=_day,
            help="begin at 05:00 of this business day, as if later ones were not",
        )
        parser.add_argument("--reader", default="ccb_read", help="the role that may read")
        parser.add_argument("--prepare", action="store_true", help="make the tables, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["url"]:
            raise CommandError(
                "No database to play in: set CCB_OWNER_URL or --url to postgresql://owner@host/db."
            )
        stop = stop_on_signals()
        simulator = self._simulator(options)
        try:
            self._prepare(simulator, stop, day=options["day"])
            if not options["prepare"]:
                self._play(simulator, speed=options["speed"], stop=stop)
        except (CcbError, psycopg.Error) as error:
            raise CommandError(f"The simulated CC&B cannot go on: {error}") from error
        finally:
            simulator.close()

    def _simulator(self, options: dict[str, Any]) -> Simulator:
        try:
            return Simulator(
                options["url"],
                seed=options["seed"],
                scenario=options["scenario"],
                pattern=options["pattern"],
                history_days=options["days"],
                agreements=options["agreements"],
                reader=options["reader"],
                report=self._say,
            )
        except UnknownScenario as error:
            raise CommandError(error.message) from error

    def _prepare(self, simulator: Simulator, stop: Event, *, day: date | None) -> None:
        now = timezone.now()
        today = business_date(now, zone=settings.SITE_ZONE, day_start=DAY_START)
        began = time.monotonic()
        simulator.prepare(today=day or today)
        if day is not None:
            self._hold(simulator, stop)
            simulator.go_to(day)
        clock = simulator.clock().astimezone(settings.SITE_ZONE)
        took = time.monotonic() - began
        self._say(f"ready after {took:.1f} s, its clock stands at {clock:%Y-%m-%d %H:%M}")
        self._say(describe(simulator.today()))

    def _say(self, text: str) -> None:
        self.stdout.write(f"simulate_ccb: {text}")
        self.stdout.flush()

    def _play(self, simulator: Simulator, *, speed: float, stop: Event) -> None:
        while not stop.is_set():
            try:
                self._hold(simulator, stop)
                play(simulator, speed=speed, stop=stop)
            except psycopg.OperationalError as error:
                self.stderr.write(f"simulate_ccb: waiting for the database: {error}")
                simulator.close()
                stop.wait(RECONNECT_S)

    def _hold(self, simulator: Simulator, stop: Event) -> None:
        until = time.monotonic() + HOLD_PATIENCE_S
        while not simulator.hold():
            if time.monotonic() > until or stop.wait(0.5):
                raise CommandError("Another simulate_ccb plays in this database already.")


def stop_on_signals() -> Event:
    """Return the event that SIGTERM and Ctrl-C set."""
    stop = Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    return stop


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if FIRST_DAY <= day <= LAST_DAY:
        return day
    raise ArgumentTypeError(
        f"'{text}' is no day that can be played. Give one from {FIRST_DAY} to {LAST_DAY}."
    )


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0
    if 0 < speed <= FASTEST:
        return speed
    raise ArgumentTypeError(f"'{text}' is no speed. Give a number over 0, at most {FASTEST}.")


def _days(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) <= MOST_DAYS:
        return int(text)
    raise ArgumentTypeError(f"'{text}' is no number of days. Give one from 0 to {MOST_DAYS}.")
