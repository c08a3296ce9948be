"""The import of older runs: stopped anywhere it goes on there, and nothing is stored twice."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from alerts.models import Alert
from batchops.calendar import business_date
from batchops.ccb.errors import CcbLoginRefused, CcbTimeout
from batchops.db import session_lock_held
from monitoring import history, queries
from monitoring import poll as polling
from monitoring.errors import ImportRunning
from monitoring.models import HistoryImport, Poll, Run, RunEvent, StepDay
from tests.ccb.conftest import CcbDatabase, make_database, reader, server
from tests.embedded import ROOT, address_of
from tests.monitoring.source import FakeCcb
from tests.waiting import wait_for

__all__ = ["make_database", "reader", "server"]

DAYS = 20
WAITING_SQL = "SELECT count(*) FROM pg_locks WHERE locktype = 'relation' AND NOT granted"
SOURCE_SQL = """
    SELECT TRIM(r.BATCH_CD), r.BATCH_NBR, r.BATCH_RERUN_NBR, r.RUN_STATUS,
           coalesce((SELECT sum(i.REC_PROC_CNT) FROM CI_BATCH_INST i
                      WHERE (i.BATCH_CD, i.BATCH_NBR) = (r.BATCH_CD, r.BATCH_NBR)), 0)
      FROM CI_BATCH_RUN r ORDER BY 1, 2, 3
"""


class TestStopped:
    @pytest.fixture
    def full(self, make_database: Any, settings: Any) -> Iterator[CcbDatabase]:
        database: CcbDatabase = make_database()
        simulator = database.simulator(history_days=DAYS)
        zone, start = django_settings.SITE_ZONE, queries.monitoring_config().day_start
        simulator.prepare(today=business_date(timezone.now(), zone=zone, day_start=start))
        simulator.close()
        settings.CCB_URL = database.reader_url
        yield database

    def begin(self, database: CcbDatabase) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "DATABASE_URL": address_of(connection.settings_dict["NAME"]),
            "CCB_URL": database.reader_url,
        }
        return subprocess.Popen(
            [sys.executable, "manage.py", "import_ccb_history", "--days", str(DAYS)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def end(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()

    def wait_for_the_lock(self) -> None:
        # The server ends the session of a killed client, and frees its lock, a moment later.
        wait_for(lambda: not session_lock_held(history.LOCK), 30, "the lock to be free")

    @pytest.mark.processes
    @pytest.mark.sql
    @pytest.mark.django_db(transaction=True)
    def test_killed_and_begun_again_it_loses_and_doubles_nothing(
        self, full: CcbDatabase, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            # It has stored the runs of a week and waits here, to be killed before it commits.
            cursor.execute("LOCK TABLE batch_performance_summary IN SHARE MODE")
            process = self.begin(full)

            def waiting() -> bool:
                cursor.execute(WAITING_SQL)
                return bool(cursor.fetchone()[0])

            wait_for(waiting, 30, "the import to store a week")
            self.end(process)
        self.wait_for_the_lock()
        assert not Run.objects.exists()

        process = self.begin(full)
        wait_for(Run.objects.exists, 30, "the import to store a week")
        self.end(process)
        self.wait_for_the_lock()
        stopped = HistoryImport.objects.get()
        assert stopped.finished_at is None

        call_command("import_ccb_history", "--days", str(DAYS))

        said = capsys.readouterr().out
        done = HistoryImport.objects.get()
        assert done.finished_at is not None
        assert f"{done.runs_read:,} runs read since" in said
        with full.server.connect(full.name) as session:
            wanted = session.execute(SOURCE_SQL.encode()).fetchall()
        columns = ("source_batch_cd", "batch_nbr", "rerun_nbr", "status_code", "records_processed")
        assert [tuple(row) for row in wanted] == list(
            Run.objects.order_by(*columns[:3]).values_list(*columns)
        )
        assert len(wanted) == done.runs_read == done.runs_changed > 200
        days = StepDay.objects.filter(batch_code="", total_runs__gt=0)
        assert sum(days.values_list("total_runs", flat=True)) == len(wanted)
        assert days.count() >= DAYS
        assert (RunEvent.objects.filter(run__state="complete").count(), Alert.objects.count()) == (
            Run.objects.filter(
                state="complete", started_at__gte=queries.source().watching_since
            ).count(),
            0,
        )


@pytest.mark.django_db
class TestImport:
    @pytest.fixture(autouse=True)
    def _from_the_fake(self, ccb: FakeCcb, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(history, "read_history", ccb.read_history)
        for number in range(1, 31):
            begun = ccb.clock - timedelta(days=number)
            ccb.complete("CM-DMRU", number, started_at=begun, ended_at=begun + timedelta(hours=1))

    def test_it_tells_how_far_it_is(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("import_ccb_history", "--days", "15")

        bars = capsys.readouterr().out.splitlines()
        assert [bar[33:].split(",")[0] for bar in bars[:-1]] == [
            "0 of 16 days",
            "7 of 16 days",
            "14 of 16 days",
            "16 of 16 days",
        ]
        assert bars[-1].startswith("Done: 15 runs read since")
        assert Run.objects.count() == 15

    def test_after_polls_it_adds_what_they_did_not_read_and_again_nothing(
        self, ccb: FakeCcb
    ) -> None:
        polling.poll_now(actor="system:test")
        known = Run.objects.count()
        Run.objects.filter(batch_nbr__gt=20).delete()

        for _ in "ab":
            call_command("import_ccb_history", "--days", "40")

        assert Run.objects.count() == known == 30
        imports = HistoryImport.objects.order_by("id").values_list("runs_read", "runs_changed")
        assert list(imports) == [(30, 10), (30, 0)]

    def test_what_cannot_be_read_stops_it_and_the_next_call_goes_on(
        self, ccb: FakeCcb, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def read_once(**asked: Any) -> Any:
            found = ccb.read_history(**asked)
            ccb.failing = CcbTimeout("CC&B did not answer within 90 s.")
            return found

        monkeypatch.setattr(history, "read_history", read_once)
        with pytest.raises(CommandError, match=r"within 90 s\. What was read so far"):
            call_command("import_ccb_history", "--days", "15")
        ccb.failing = None
        monkeypatch.setattr(history, "read_history", ccb.read_history)

        call_command("import_ccb_history", "--days", "15")

        assert HistoryImport.objects.get().runs_read == Run.objects.count() == 15

    def test_a_refused_login_opens_the_circuit_and_is_not_tried_again(self, ccb: FakeCcb) -> None:
        ccb.failing = CcbLoginRefused("ORA-01017: wrong password")
        for sentence in ("ORA-01017", "CC&B refused our login"):
            with pytest.raises(CommandError, match=sentence):
                call_command("import_ccb_history", "--days", "15")

        assert queries.source().circuit_opened_at is not None
        assert Poll.objects.count() == 1

    def test_of_two_at_once_the_second_gives_way(self, monkeypatch: pytest.MonkeyPatch) -> None:
        refused: list[bool] = []

        def import_too(_: HistoryImport) -> None:
            with pytest.raises(ImportRunning):
                self._on_another_connection()
            refused.append(True)

        history.import_history(days=1, actor="system:test", tell=import_too)

        assert refused == [True, True]

    def _on_another_connection(self) -> None:
        from concurrent.futures import ThreadPoolExecutor

        def call() -> None:
            try:
                history.import_history(days=1, actor="system:test", tell=lambda _: None)
            finally:
                connection.close()

        with ThreadPoolExecutor(1) as other:
            other.submit(call).result(20)

    @pytest.mark.parametrize("days", ["0", "-1", "abc", "1096", "1.5"])
    def test_it_refuses_days_that_are_none(self, days: str) -> None:
        with pytest.raises(CommandError, match="give a number of days from 1 to 1095"):
            call_command("import_ccb_history", f"--days={days}")
