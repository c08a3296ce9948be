"""`manage.py import_ccb_history --days 400`: read older runs, so that it is known what is usual."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from batchops.errors import BatchOpsError
from monitoring.history import import_history
from monitoring.models import HistoryImport

DAYS_MAX = 3 * 365
BAR = 30


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= DAYS_MAX:
        raise ArgumentTypeError(f"give a number of days from 1 to {DAYS_MAX}")
    return int(text)


class Command(BaseCommand):
    help = (
        "Read the runs of the last days from CC&B, a week at a time. Stopped in the middle, it "
        "goes on there the next time; nothing is stored twice."
    )
    requires_system_checks = ["batchops"]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=_days, default=400, help="how far back (default: 400)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = import_history(
                days=options["days"], actor="system:import_ccb_history", tell=self._tell
            )
        except BatchOpsError as error:
            raise CommandError(
                f"{error.message} What was read so far is stored; the next call goes on there."
            ) from error
        self._line(
            f"Done: {done.runs_read:,} runs read since {done.since:%Y-%m-%d}, "
            f"{done.runs_changed:,} of them new or changed."
        )

    def _tell(self, running: HistoryImport) -> None:
        whole, left = _in_days(running.until - running.since), running.reached_at - running.since
        done = whole - _in_days(left)
        filled = BAR * done // whole
        self._line(
            f"[{'#' * filled}{'.' * (BAR - filled)}] {done} of {whole} days, "
            f"{running.runs_read:,} runs read, {running.runs_changed:,} new or changed",
            is_last=False,
        )

    def _line(self, text: str, *, is_last: bool = True) -> None:
        # On a terminal the bar is drawn over itself; in a log each step is a line.
        if self.stdout.isatty():
            self.stdout.write(f"\r\033[K{text}", ending="\n" if is_last else "")
            self.stdout.flush()
        else:
            self.stdout.write(text)


def _in_days(span: timedelta) -> int:
    return round(span / timedelta(days=1))
