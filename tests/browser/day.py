"""Today in a simulated CC&B, on which one step fails; it moves only when it is told to."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count

from django.conf import settings
from django.utils import timezone

from batchops.calendar import business_date
from batchops.ccb.simulator.plan import DAY_START
from batchops.ccb.simulator.scenarios import struck_run
from tests.ccb.conftest import CcbDatabase, at

SCENARIO = "failure-and-restart"
FAILING = "CM_BSGGN"  # in the afternoon: the morning goes as it should
# Enough ordinary days for "of usual", of which the page wants 20.
HISTORY_DAYS = 30


class Day:
    """The day of one CC&B; its clock begins at 05:00 and never goes back."""

    def __init__(self, database: CcbDatabase) -> None:
        self.reader_url = database.reader_url
        self._database = database
        self._day = ordinary_day()
        self._simulator = database.simulator(
            scenario=SCENARIO, history_days=HISTORY_DAYS, seed=seed_of(self._day)
        )
        self._simulator.prepare(today=self._day)

    def go_to(self, hour: int, minute: int = 0) -> None:
        """Let everything happen in CC&B that happens until then."""
        self._simulator.advance(to=at(hour, minute, day=self._day))

    def go_on_until_it_fails(self) -> None:
        """Let time pass until a run stands in Error."""
        executions = [each for run in self._simulator.today().runs for each in run.executions]
        self._simulator.advance(to=max(each.ended_at for each in executions if each.failed))
        assert self._has_failed()

    def go_into(self, code: str) -> None:
        """Let time pass until the middle of the last go of the day's last run of a batch."""
        run = [run for run in self._simulator.today().runs if run.profile.code == code][-1]
        began_at = max(execution.started_at for execution in run.executions)
        self._simulator.advance(to=began_at + (run.ended_at - began_at) / 2)

    def close(self) -> None:
        self._simulator.close()

    def _has_failed(self) -> bool:
        with self._database.server.connect(self._database.name) as session:
            found = session.execute(
                "SELECT 1 FROM CI_BATCH_RUN WHERE RUN_STATUS = '30' AND BATCH_BUS_DT = %s",
                [self._day],
            )
            return found.fetchone() is not None


def ordinary_day() -> date:
    """Return today, or yesterday at the end of a month, of which there is too little history."""
    today = business_date(timezone.now(), zone=settings.SITE_ZONE, day_start=DAY_START)
    is_last = (today + timedelta(days=1)).month != today.month
    return today - timedelta(days=1) if is_last else today


def seed_of(day: date) -> int:
    """Return the first seed whose dice let FAILING fail on that day."""
    for seed in count(1):
        struck = struck_run(SCENARIO, day=day, seed=seed)
        if struck is not None and struck[0] == FAILING:
            return seed
    raise AssertionError("Unreachable: one seed in three fits.")
