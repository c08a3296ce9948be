"""Break each setting that the clusters and the site rest on; its check names it."""

import os
import runpy
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.checks import CheckMessage, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.test import override_settings

from batchops.checks import TAG

SOUND = {"SECRET_KEY": "x" * 50, "DEBUG": False}


def found(databases: list[str] | None = None, **changed: Any) -> list[CheckMessage]:
    with override_settings(**{**SOUND, **changed}):
        return run_checks(tags=[TAG], databases=databases)


def ids(**changed: Any) -> set[str | None]:
    return {message.id for message in found(**changed)}


def cluster_with(**values: Any) -> dict[str, Any]:
    return {**settings.Q_CLUSTER, **values}


def watch_with(**values: Any) -> dict[str, Any]:
    shared: Any = settings.Q_CLUSTER
    watch = {**shared["ALT_CLUSTERS"]["watch"], **values}
    return cluster_with(ALT_CLUSTERS={"watch": watch})


class TestTheSite:
    def test_the_settings_as_they_are_pass(self) -> None:
        assert found() == []

    @pytest.mark.parametrize("secret", ["tiny-secret", "insecure-" + "x" * 60])
    def test_e001_a_weak_secret_is_an_error_and_under_debug_a_warning(self, secret: str) -> None:
        [error] = found(SECRET_KEY=secret)
        [warning] = found(SECRET_KEY=secret, DEBUG=True)
        assert error.id == warning.id == "batchops.E001"
        assert error.is_serious()
        assert not warning.is_serious()
        assert secret not in str(error)

    def test_e002_any_host_is_refused_outside_debug(self) -> None:
        assert ids(ALLOWED_HOSTS=["*"]) == {"batchops.E002"}
        assert ids(ALLOWED_HOSTS=["*"], DEBUG=True) == set()

    def test_e003_only_postgresql_will_do(self, monkeypatch: pytest.MonkeyPatch) -> None:
        database = settings.DATABASES["default"]
        monkeypatch.setitem(database, "ENGINE", "django.db.backends.sqlite3")
        assert ids() == {"batchops.E003"}

    @pytest.mark.django_db
    def test_e004_an_old_server_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert found(databases=["default"]) == []
        monkeypatch.setattr("batchops.checks.OLDEST_POSTGRESQL", 99)
        [error] = found(databases=["default"])
        assert error.id == "batchops.E004"
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
            [version] = cursor.fetchone()
        assert f"PostgreSQL {version}." in error.msg

    def test_e006_a_slice_ends_within_the_grace(self) -> None:
        assert ids(JOBS_SLICE=settings.CLUSTER_STOP_GRACE) == {"batchops.E006"}

    def test_e007_a_pause_of_django_q2_is_no_wedge(self) -> None:
        assert ids(CLUSTER_WEDGED_AFTER=timedelta(seconds=19)) == {"batchops.E007"}

    def test_e008_a_poll_must_end_before_its_task_is_killed(self) -> None:
        assert ids(CCB_DEADLINE=timedelta(seconds=101)) == {"batchops.E008"}
        assert ids(CCB_DEADLINE=timedelta(seconds=100)) == set()


class TestTheClusters:
    @pytest.mark.parametrize(
        ("number", "conf"),
        [
            (10, cluster_with(ALT_CLUSTERS={})),
            (10, cluster_with(name="job")),
            (11, cluster_with(timeout=3600.5)),
            (11, cluster_with(timeout=None)),
            (11, watch_with(retry=420.5)),
            (12, cluster_with(guard_cycle=0.7)),
            (12, cluster_with(guard_cycle=0)),
            (13, cluster_with(queue_limit=16)),
            (14, cluster_with(bulk=10)),
            (14, watch_with(bulk=10)),
            (15, cluster_with(save_limit=250)),
            (16, cluster_with(max_attempts=3)),
            (16, cluster_with(ack_failures=False)),
            (17, cluster_with(scheduler=True)),
            (19, cluster_with(time_zone="Europe/London")),
            (20, cluster_with(retry=3 * 3603)),
            (20, watch_with(retry=369)),
        ],
    )
    def test_a_value_without_its_reason_is_refused(self, number: int, conf: dict[str, Any]) -> None:
        assert ids(Q_CLUSTER=conf) == {f"batchops.E{number:03}"}

    def test_e018_a_pool_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(settings.DATABASES["default"]["OPTIONS"], "pool", {"max_size": 4})
        assert ids() == {"batchops.E018"}

    def test_a_cluster_does_not_start_with_a_refused_value(self) -> None:
        with (
            override_settings(**SOUND, Q_CLUSTER=cluster_with(bulk=10)),
            pytest.raises(SystemCheckError, match="E014"),
        ):
            call_command("cluster", "jobs", skip_checks=False)


class TestTheTimeZone:
    @pytest.mark.parametrize("zone", ["", "../etc/passwd", "Asia"])
    def test_one_that_is_unknown_is_refused(
        self, zone: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SITE_TIME_ZONE", zone)

        with pytest.raises(ImproperlyConfigured, match=f"SITE_TIME_ZONE is '{zone}'"):
            runpy.run_path(str(settings.BASE_DIR / "batchops/settings.py"))

    def test_a_command_tells_it_in_one_clear_sentence(self) -> None:
        done = subprocess.run(
            [sys.executable, "manage.py", "check"],
            cwd=settings.BASE_DIR,
            env={**os.environ, "SITE_TIME_ZONE": "Mars/Olympus"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "BatchOps cannot start: SITE_TIME_ZONE is 'Mars/Olympus'" in done.stderr
        assert "Traceback" not in done.stderr


class TestValuesThatCannotBeMeant:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("DEBUG", "maybe"),
            ("JOBS_WORKERS", "0"),
            ("JOBS_WORKERS", "four"),
            ("MAIL_LIMIT", "-1"),
            ("JOBS_LEASE_S", "-1"),
            ("JOBS_LEASE_S", "soon"),
            ("CCB_CLOCK_SPEED", "0"),
            ("CCB_CLOCK_SPEED", "nan"),
            ("PUBLIC_URL", "batchops.example.com"),
        ],
    )
    def test_they_are_refused_by_name_with_a_remedy(
        self, name: str, value: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(name, value)

        with pytest.raises(ImproperlyConfigured, match=rf"^{name} is '{value}'\. Set it to "):
            runpy.run_path(str(settings.BASE_DIR / "batchops/settings.py"))


class TestMail:
    @pytest.mark.parametrize(
        ("changed", "check_id"),
        [
            ({"DEFAULT_FROM_EMAIL": "alerts at example.com"}, "batchops.E021"),
            ({"ALERT_EMAILS": ["a@example.com", "nobody"]}, "batchops.E022"),
        ],
    )
    def test_an_address_that_is_none_is_named(self, changed: dict[str, Any], check_id: str) -> None:
        assert check_id in ids(**changed)

    def test_mail_without_an_address_for_its_links_is_warned_of(self) -> None:
        assert "batchops.W023" in ids(EMAIL_HOST="mail.example.com", PUBLIC_URL_IS_SET=False)
        assert not ids(EMAIL_HOST="mail.example.com", PUBLIC_URL_IS_SET=True)

    def test_a_name_before_the_sender_is_fine(self) -> None:
        assert not ids(DEFAULT_FROM_EMAIL="BatchOps <alerts@example.com>")
