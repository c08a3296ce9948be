"""Whatever polls saw of the same course of CC&B, they end in the same state of the console."""

import random
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from alerts.models import Alert
from batchops.ccb.errors import CcbTimeout
from batchops.ccb.snapshot import RunKey, RunRow, SubmissionRow, ThreadDetailRow
from batchops.db import database_now
from monitoring import poll as polling
from monitoring.errors import SnapshotOutdated
from monitoring.lifecycle import Asked
from monitoring.models import Run, RunSample, RunThread, StepDay, Submission
from monitoring.queries import key_of
from monitoring.states import state_of
from tests.monitoring.source import FakeCcb

pytestmark = pytest.mark.django_db
CODES = ("CM-DMRU", "D1-IMD", "CM_BSGGN")
STATES = 6
# They count the readings that saw a thing, so who does not look does not find it.
BY_READINGS = ("STUCK", "LOW_THROUGHPUT", "JOB_ORPHAN", "IMD_NOT_DRAINING")
LASTING = ("begin", "work", "work", "fail", "complete", "mend", "break")
# What nobody can know of who did not look in time: what CC&B holds no more.
PASSING = ("purge", "submit")
RUN_COLUMNS = (
    "batch_code",
    "batch_nbr",
    "state",
    "started_at",
    "ended_at",
    "own_ended_at",
    "records_processed",
    "records_in_error",
    "heartbeat",
    "instances",
    "version",
    "business_date",
    "error_message",
)
DAY_COLUMNS = ("business_date", "batch_code", "total_runs", "failed_runs", "total_records")


def course(chance: random.Random, happenings: Sequence[str]) -> list[FakeCcb]:
    """Make up what CC&B holds at one moment after the other."""
    ccb, states = FakeCcb(), []
    for _ in range(STATES):
        for code in CODES:
            change(ccb, code, chance, chance.choice(happenings))
        ccb.imd = chance.randrange(3)
        states.append(deepcopy(ccb))
        ccb.advance(minutes=15)
    return states


def change(ccb: FakeCcb, code: str, chance: random.Random, what: str) -> None:
    number = chance.choice((1, 1, 2))
    key = RunKey(code, number, 0)
    row = ccb.runs.get(key)
    if what == "begin":
        ccb.run(code, number)
    elif what == "submit":
        flag = chance.choice(("PD", "ST", "ED"))
        ccb.submissions = [
            SubmissionRow(code, code, number, 0, flag, ccb.clock, 1, None, "ONL", "SYSUSER")
        ]
    elif row:
        change_run(ccb, row, chance, what)


def change_run(ccb: FakeCcb, row: RunRow, chance: random.Random, what: str) -> None:
    code, number, _ = row.key
    if what == "work":
        ccb.count(ccb.run(code, number), chance.randrange(1000), errors=chance.choice((0, 200)))
        ccb.thread_details = [ThreadDetailRow(row.key, 1, "20", 0, 1, 5, 0, ccb.clock, None)]
    elif what == "fail":
        ccb.fail(code, number, f"ORA-{chance.randrange(9)}")
    elif what == "complete":
        ccb.complete(code, number)
    elif what == "mend":  # by hand, without a date
        ccb.run(code, number, status="40")
    elif what == "break" and row.run_status == "20":
        ccb.run(code, number, status="xx")
    elif what == "purge":
        ccb.purge(row.key)


def console() -> dict[str, list[Any]]:
    """Return what people see at the end."""
    return {
        "runs": list(Run.objects.order_by("batch_code", "batch_nbr").values_list(*RUN_COLUMNS)),
        "threads": list(RunThread.objects.order_by("run__batch_code").values_list("status_code")),
        "days": list(StepDay.objects.order_by("batch_code").values_list(*DAY_COLUMNS)),
        "queue": list(Submission.objects.filter(over_at=None).values_list("job_id", "status_code")),
        "alerts": list(
            Alert.objects.active()
            .exclude(rule__in=BY_READINGS)
            .order_by("rule", "key")
            .values_list("rule", "key", "occurrence", "state")
        ),
        # Other messages tell the time, too.
        "said": list(
            Alert.objects.active()
            .filter(rule__in=["FAILED", "UNKNOWN_STATUS"])
            .order_by("rule", "key")
            .values_list("message")
        ),
    }


def differences(ccb: FakeCcb) -> list[tuple[RunKey, str | None, str]]:
    """Return the runs that CC&B holds in another state than we do: ours, and CC&B's."""
    ours = {key_of(run): run.state for run in Run.objects.all()}
    theirs = {key: str(state_of(row.run_status)) for key, row in ccb.runs.items()}
    return [(key, ours.get(key), state) for key, state in theirs.items() if ours.get(key) != state]


def course_kept() -> list[Any]:
    """Return what is kept of how runs came there; it depends on which moments were seen."""
    columns = ("run__batch_code", "run__batch_nbr", "at", "state", "records_processed")
    moved = Run.objects.order_by("batch_code", "batch_nbr").values_list("batch_code", "moved_at")
    return [*RunSample.objects.order_by("at", "run__batch_code").values_list(*columns), *moved]


def killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


class Unruly:
    """Poll a course as badly as `chance` has it; its last moment is always read in the end."""

    def __init__(self, states: list[FakeCcb], chance: random.Random, patch: Any) -> None:
        self.states = states
        self.chance = chance
        self.patch = patch

    def play(self, *, misses: bool) -> None:
        late: tuple[Asked, Any] | None = None
        for place, ccb in enumerate(self.states):
            self.patch.setattr(polling, "read_snapshot", ccb.read_snapshot)
            last = place == len(self.states) - 1
            if misses and not last and self.chance.random() < 0.4:
                continue
            if self.chance.random() < 0.3:
                self._broken()
            if late is None and self.chance.random() < 0.5:
                asked = Asked(None, "system:test", database_now())
                late = asked, polling.read(asked)
            polling.poll_now(actor="system:test")
            if self.chance.random() < 0.5:
                again = replace(ccb, clock=ccb.clock + timedelta(seconds=2))
                self.patch.setattr(polling, "read_snapshot", again.read_snapshot)
                polling.poll_now(actor="system:test")
            if late is not None and self.chance.random() < 0.5:
                with pytest.raises(SnapshotOutdated):
                    polling.store(late[1], late[0])
                late = None

    def _broken(self) -> None:
        """Make a poll that dies when it has stored all and judged nothing, or cannot read."""
        with self.patch.context() as patch:
            if self.chance.random() < 0.5:
                patch.setattr(polling, "judge_runs", killed)
                with pytest.raises(KeyboardInterrupt):
                    polling.poll_now(actor="system:test")
            else:
                patch.setattr(polling, "read_snapshot", self._times_out)
                polling.poll_now(actor="system:test")

    @staticmethod
    def _times_out(**_: object) -> None:
        raise CcbTimeout("CC&B did not answer within 90 s.")


def played(play: Callable[[], None], last: FakeCcb) -> tuple[dict[str, list[Any]], list[Any]]:
    """Return how the console stands after `play`, just as `last` does, and take all back."""
    with transaction.atomic():
        play()
        assert differences(last) == []
        seen = console(), course_kept()
        transaction.set_rollback(True)
    return seen


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.usefixtures("ccb")
class TestAnySequenceOfPolls:
    def orderly(self, states: list[FakeCcb], patch: pytest.MonkeyPatch) -> None:
        for state in states:
            patch.setattr(polling, "read_snapshot", state.read_snapshot)
            polling.poll_now(actor="system:test")

    def test_polls_doubled_killed_failed_and_late_leave_no_trace(
        self, monkeypatch: pytest.MonkeyPatch, seed: int
    ) -> None:
        chance = random.Random(seed)
        states = course(chance, [*LASTING, *PASSING])
        unruly = Unruly(states, chance, monkeypatch)

        expected = played(lambda: self.orderly(states, monkeypatch), states[-1])

        assert expected[0]["runs"]
        assert played(lambda: unruly.play(misses=False), states[-1]) == expected

    def test_polls_that_were_missed_leave_no_trace_in_the_end(
        self, monkeypatch: pytest.MonkeyPatch, seed: int
    ) -> None:
        chance = random.Random(seed)
        states = course(chance, LASTING)
        unruly = Unruly(states, chance, monkeypatch)

        expected, _ = played(lambda: self.orderly(states, monkeypatch), states[-1])

        seen, _ = played(lambda: unruly.play(misses=True), states[-1])
        assert expected["runs"]
        assert seen == expected
