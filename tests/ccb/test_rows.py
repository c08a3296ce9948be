from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import psutil
import pytest

from batchops.ccb.client import read_snapshot
from batchops.ccb.errors import CcbBroken, CcbError
from batchops.ccb.rows import Collector, UnexpectedRow
from batchops.ccb.snapshot import RunKey
from tests.ccb.conftest import ZONE, at
from tests.waiting import wait_for

PYTHON = sys.executable
CLOCK = ["clock_simulated", "2026-11-22T05:30:00"]
DAY = "2026-11-22T00:00:00"
RUN = ["runs", "CM-DMRU", 7, 0, "20", DAY, "N", 2, "2026-11-22T05:01:00", None]
MESSAGE = ["messages", "CM-DMRU", 7, 0, 91, 1, 90101, 1, "40", "Batch %1: thread %2 %4", 1, "A", 3]


def collected(*lines, asked=(), zone: ZoneInfo = ZONE):
    collector = Collector(zone=zone)
    for line in lines:
        collector.take(list(line))
    return collector.snapshot(asked=asked)


class TestCollector:
    def test_it_turns_the_sites_wall_clock_into_utc(self):
        snapshot = collected(CLOCK, RUN)

        assert snapshot.clock == datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
        assert snapshot.runs[0].started_at == datetime(2026, 11, 21, 23, 1, tzinfo=UTC)
        assert snapshot.runs[0].business_date == date(2026, 11, 22)
        assert snapshot.runs[0].ended_at is None

    def test_it_keeps_an_unknown_status_as_text(self):
        assert collected(CLOCK, [*RUN[:4], "ER", *RUN[5:]]).runs[0].run_status == "ER"

    def test_it_names_the_asked_keys_that_are_gone(self):
        gone = RunKey("D1-IMD", 3, 0)

        assert collected(CLOCK, RUN, asked=[RunKey("CM-DMRU", 7, 0), gone]).missing == (gone,)

    def test_it_puts_the_parameters_into_the_text_and_leaves_what_has_none(self):
        second = [*MESSAGE[:10], 2, "12", 3]

        (message,) = collected(CLOCK, MESSAGE, second).messages

        assert message.text == "Batch A: thread 12 %4"
        assert (message.scheduler_id, message.thread) == (91, 3)

    def test_it_shows_number_and_parameters_of_a_message_without_text(self):
        line = [*MESSAGE[:9], None, 1, "ORA-01555", 3]

        assert collected(CLOCK, line).messages[0].text == "Message 90101, 1: ORA-01555"

    @pytest.mark.parametrize(
        ("lines", "why"),
        [
            ([RUN], "clock"),
            ([CLOCK, RUN[:-1]], "has 8 columns, not 9"),
            ([CLOCK, [*RUN, 1]], "has 10 columns, not 9"),
            ([CLOCK, RUN, RUN], "the same row twice"),
            ([CLOCK, [*RUN[:2], None, *RUN[3:]]], "column 2 is not a whole number"),
            ([CLOCK, [*RUN[:4], None, *RUN[5:]]], "column 4 is not a text"),
            ([CLOCK, [*RUN[:8], "yesterday", None]], "column 8 is not a time"),
            ([CLOCK, ["surprise", 1]], "no statement that was asked"),
        ],
    )
    def test_it_refuses_what_is_not_as_it_must_be(self, lines, why):
        with pytest.raises(UnexpectedRow, match=why):
            collected(*lines)

    def test_it_refuses_more_rows_than_a_site_can_have(self, monkeypatch):
        monkeypatch.setattr("batchops.ccb.rows.MAX_ROWS", 2)

        with pytest.raises(UnexpectedRow, match="more than 2 rows"):
            collected(CLOCK, RUN, [*RUN[:2], 8, *RUN[3:]])


@pytest.mark.processes
class TestReader:
    """What the client makes of a reader that misbehaves; a script stands in for it."""

    def read(self, tmp_path, monkeypatch, script: str, seconds: float = 10) -> CcbError:
        body, stand_in = tmp_path / "reader.py", tmp_path / "python"
        body.write_text(f"import json, os, sys, time\n{script}\n")
        # By way of a shell: the path in a script's first line can hold no space.
        stand_in.write_text(f"#!/bin/sh\nexec '{PYTHON}' '{body}'\n")
        stand_in.chmod(0o700)
        monkeypatch.setattr(sys, "executable", str(stand_in))
        with pytest.raises(CcbError) as caught:
            read_snapshot(
                since=at(5), deadline=timedelta(seconds=seconds), url="postgresql://u:p@h/d"
            )
        return caught.value

    @pytest.mark.parametrize(
        ("script", "code"),
        [
            ("sys.exit(1)", "ccb_reader_died"),
            (f"print({json.dumps(CLOCK)!r})", "ccb_reader_died"),
            ("os.kill(os.getpid(), 9)", "ccb_reader_died"),
            ("os.kill(os.getpid(), 11)", "ccb_garbage"),
            ("print('[\"runs\", 1')", "ccb_reader_died"),
            ("print(json.dumps(['end', {'runs': 1}]))", "ccb_unexpected_rows"),
            ("print(json.dumps(['runs', 1]))", "ccb_unexpected_rows"),
        ],
    )
    def test_an_unfinished_or_false_answer_is_broken(self, tmp_path, monkeypatch, script, code):
        error = self.read(tmp_path, monkeypatch, script)

        assert isinstance(error, CcbBroken)
        assert error.code == code

    def test_rows_without_end_stop_at_the_deadline(self, tmp_path, monkeypatch):
        script = f"while True:\n    print({json.dumps(CLOCK)!r}, flush=True)\n    time.sleep(0.05)"

        assert self.read(tmp_path, monkeypatch, script, 0.8).code == "ccb_deadline"

    def test_a_child_of_the_reader_goes_with_it(self, tmp_path, monkeypatch):
        note = tmp_path / "pid"
        script = (
            "import subprocess\n"
            "child = subprocess.Popen(['sleep', '60'])\n"
            f"open({str(note)!r}, 'w').write(str(child.pid))\n"
            "time.sleep(60)"
        )

        self.read(tmp_path, monkeypatch, script, 1)

        child = int(note.read_text())
        wait_for(lambda: ended(child), 5, "the end of the reader's child")


def ended(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
