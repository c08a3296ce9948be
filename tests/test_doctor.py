"""Ask the doctor, as an operator does, about a site that is well and one that is not."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from batchops.cluster import heartbeat
from batchops.cluster.heartbeat import Identity
from batchops.db import database_now
from batchops.doctor import (
    examination,
    findings,
    of_clocks,
    of_clusters,
    of_database,
    of_jobs,
    of_messages,
    of_source,
)
from batchops.doctor.examination import Check
from batchops.doctor.findings import Found, Mark
from batchops.management.commands import doctor
from jobs.models import Schedule, ScheduleSlot
from monitoring.models import Poll, Source
from tests.ccb.listeners import listener, stay_silent
from tests.embedded import address_of, free_port
from tests.test_commands import manage

SECRETS = {"SMTP_PASS": "hush-mail", "METRICS_TOKEN": "hush-metrics-" + "x" * 30}


def marks(found: Any) -> dict[str, str]:
    return {each.subject: each.mark.name for each in found}


class TestTheCommand:
    @pytest.mark.django_db
    def test_it_says_of_everything_how_it_is_and_keeps_secrets(self) -> None:
        port = free_port()  # of nobody
        done = manage(
            "doctor", "--json",
            DATABASE_URL=address_of(connection.settings_dict["NAME"]),
            SMTP_HOST="127.0.0.1", SMTP_PORT=str(port), SMTP_USER="me",
            CCB_URL=f"postgresql://reader:hush-ccb@127.0.0.1:{port}/ccb", **SECRETS,
        )  # fmt: skip

        told = json.loads(done.stdout)
        assert (done.returncode, told["mark"]) == (2, "FAIL"), done.stderr
        found = {each["subject"]: each for each in told["checks"]}
        wanted = {
            "settings": "WARN", "database": "OK", "connections": "OK", "migrations": "OK",
            "cluster jobs": "FAIL",
            "bells of watch": "OK", "jobs": "OK", "schedules": "OK", "messages": "OK",
            "mail server": "FAIL", "CC&B": "FAIL", "CC&B now": "FAIL", "clocks": "OK",
            "data folder": "OK",
        }  # fmt: skip
        assert {name: found[name]["mark"] for name in wanted} == wanted
        assert all(each["remedy"] for each in found.values() if each["mark"] != "OK")
        assert "hush" not in done.stdout + done.stderr

    def test_a_database_that_is_silent_ends_it_in_time_and_in_words(self) -> None:
        with listener(stay_silent) as (port, _):
            done = manage(
                "doctor", DATABASE_URL=f"postgres://me:hush@127.0.0.1:{port}/x?connect_timeout=2"
            )

        assert done.returncode == 2
        assert "FAIL  database: " in done.stdout
        assert "-> Check DATABASE_URL and that PostgreSQL runs." in done.stdout
        assert "Not looked at without a database: rights, migrations" in done.stdout
        assert "hush" not in done.stdout + done.stderr

    @pytest.mark.parametrize("mark", Mark)
    def test_its_exit_code_is_the_worst_mark(
        self, mark: Mark, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = [findings.ok("a", "Well."), Found("b", mark, "Seen.", "Do.")]
        monkeypatch.setattr(doctor, "examine", lambda: found)

        try:
            call_command("doctor")
            code = 0
        except SystemExit as end:
            code = int(str(end.code))

        assert code == mark


class TestACheck:
    def test_one_that_hangs_or_breaks_keeps_no_other_waiting(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken() -> list[Found]:
            raise ValueError("postgres://me:hush@host/x\n\x1b[2J")

        def hanging() -> list[Found]:
            threading.Event().wait()
            return []

        well = Check("well", lambda: [findings.ok("well", "Fine.")], needs_database=False)
        stuck = Check("stuck", hanging, deadline_s=0.1, needs_database=False)
        monkeypatch.setattr(examination, "DATABASE", well)
        monkeypatch.setattr(examination, "CHECKS", (stuck, Check("broken", broken), well))

        stuck_one, broken_one = examination.examine()[1:3]

        assert stuck_one.seen == "No answer within 0.1 s."
        assert stuck_one.mark is broken_one.mark is Mark.FAIL
        assert "hush" not in broken_one.seen
        assert broken_one.seen.isprintable()


@pytest.mark.django_db
@pytest.mark.sql
class TestWhatItSees:
    def test_the_database_a_role_without_rights_and_migrations_that_are_missing(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM django_migrations WHERE app = 'jobs' AND name ="
                " (SELECT max(name) FROM django_migrations WHERE app = 'jobs')"
            )
            cursor.execute("CREATE ROLE doctor_test; GRANT SELECT ON django_migrations TO public")
            [behind] = of_database.look_at_migrations()
            cursor.execute("SET LOCAL ROLE doctor_test")
            [lacking] = of_database.look_at_rights()
            cursor.execute("RESET ROLE")

        assert (behind.mark, behind.remedy) == (Mark.FAIL, "Run `manage.py release`.")
        assert "1 migrations are missing, the first is jobs." in behind.seen
        assert lacking.mark is Mark.FAIL
        assert "doctor_test lacks rights" in lacking.seen

    def test_clusters_that_beat_and_bells_that_wait_too_long(self) -> None:
        heartbeat.beat(Identity("jobs", "here", 1, 4))
        OrmQ.objects.create(key="jobs", payload="", lock=database_now() - timedelta(minutes=1))
        OrmQ.objects.create(key="watch", payload="", lock=database_now() - timedelta(hours=1))

        found = marks([*of_clusters.look_at_clusters(), *of_clusters.look_at_bells()])

        assert found == {
            "cluster jobs": "OK", "cluster watch": "FAIL",
            "bells of jobs": "WARN", "bells of watch": "FAIL",
        }  # fmt: skip

    def test_schedules_that_are_behind_cannot_be_read_or_missed_a_start(self) -> None:
        at = database_now()
        plans = [
            Schedule(name=name, type="drill", cron=cron, enabled=True, decided_until=until)
            for name, cron, until in (
                ("behind", "* * * * *", at - timedelta(hours=1)),
                ("unreadable", "at noon", at),
                ("missed", "0 0 1 1 *", at),
            )
        ]
        Schedule.objects.bulk_create(plans)
        ScheduleSlot.objects.create(
            schedule=plans[2], due_at=at, outcome="missed", reason="No cluster.", decided_at=at
        )

        said = sorted(found.seen for found in of_jobs.look_at_schedules())

        assert [sentence.split("'")[1] for sentence in said] == ["behind", "missed", "unreadable"]
        assert "nobody decided" in said[0]

    def test_messages_that_do_not_leave(self) -> None:
        found = marks(of_messages.look())

        assert found == {"messages": "OK", "messages given up": "OK", "channels": "OK"}

    def test_a_refused_login_is_told_and_not_tried_again(self, settings: Any) -> None:
        settings.CCB_URL = "postgresql://reader:x@127.0.0.1:1/ccb"
        Source.objects.update_or_create(pk=1, defaults={"circuit_opened_at": timezone.now()})

        [told], [now] = of_source.look_at_readings(), of_source.look_now()

        assert (told.mark, now.mark) == (Mark.FAIL, Mark.WARN)
        assert "Not tried" in now.seen

    @pytest.mark.parametrize(("ahead_s", "mark"), [(3, "OK"), (-90, "WARN"), (21_600, "FAIL")])
    def test_clocks_that_differ(self, ahead_s: float, mark: str) -> None:
        at = timezone.now()
        Poll.objects.create(
            started_at=at, took_s=1, asked_by="x", succeeded=True, source_at=at,
            source_offset_s=ahead_s,
        )  # fmt: skip

        assert marks(of_clocks.look()) == {"clocks": "OK", "clock of CC&B": mark}
