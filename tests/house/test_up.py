"""`manage.py up` as its user meets it: real processes, real kills."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from batchops.house import postgres
from batchops.house.environment import FILE_NAME
from batchops.house.places import choose_place, cluster_folder, remove
from batchops.house.provision import APPLICATION, CCB_DATABASE, CCB_READER, DATABASE
from tests.embedded import temporary_folder
from tests.house.running import (
    ROOT,
    START_S,
    STOP_S,
    Up,
    clean_environment,
    free_port,
    left_over,
    run_up,
)
from tests.waiting import wait_for

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = temporary_folder()
    yield made
    for process in left_over(made):
        process.kill()
    for path in made.iterdir():
        remove(path)
    remove(made)


@pytest.fixture(scope="module")
def up(folder: Path) -> Iterator[Up]:
    running = Up(folder / "a folder with spaces").wait_ready()
    yield running
    running.end(signal.SIGTERM)


def healed(up: Up, name: str, killed: psutil.Process) -> bool:
    found = up.service(name)
    return found is not None and found.pid != killed.pid


def make_a_table(address: str) -> None:
    with psycopg.connect(address) as session:
        session.execute("CREATE TABLE mine (id integer)")


class TestStart:
    def test_it_serves_the_login_page(self, up):
        assert up.login_page_answers()

    def test_it_starts_both_clusters(self, up):
        assert up.service("jobs")
        assert up.service("watch")

    def test_it_lets_the_first_user_in(self, up):
        assert up.is_logged_in(up.log_in())

    def test_it_keeps_secrets_for_the_owner_only(self, up):
        mode = (up.data_dir / FILE_NAME).stat().st_mode

        assert stat.S_IMODE(mode) == 0o600
        assert "a password for tests only" not in up.output()

    def test_it_gives_each_role_no_more_than_it_needs(self, up):
        place = choose_place(up.data_dir)
        application = postgres.url(place, APPLICATION, DATABASE)
        reader = postgres.url(place, CCB_READER, CCB_DATABASE)

        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            make_a_table(application)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            make_a_table(reader)
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(postgres.url(place, CCB_READER, DATABASE))

    def test_it_listens_on_no_port_but_the_web_servers(self, up):
        listening = {
            connection.laddr.port
            for process in left_over(up.data_dir)
            for connection in process.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        }

        assert listening == {up.port}

    def test_it_lets_other_commands_find_the_database(self, up):
        done = subprocess.run(
            [sys.executable, "manage.py", "migrate", "--check"],
            cwd=ROOT,
            env=clean_environment(up.data_dir),
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 0, done.stderr


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine does not let root mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Write a file until the disk has no room left, and return it."""
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return ballast


class TestCcb:
    def test_it_says_that_there_is_none(self, up):
        assert "CC&B: none, so there is nothing to watch: CCB_URL is not set\n" in up.output()

    def test_it_says_that_a_simulated_one_needs_its_own_database(self, folder):
        # The release refuses this address; what is tried is said before.
        address = {"DATABASE_URL": "sqlite:///nothing"}

        code, said = run_up(folder / "other", "--port", str(free_port()), **address)

        assert code == 1
        assert "a simulated one lives only in BatchOps' own PostgreSQL" in said


class TestRefusal:
    def test_it_refuses_a_folder_in_use(self, up):
        code, said = run_up(up.data_dir, "--port", str(free_port()))

        assert code == 1
        assert f"already runs on {up.data_dir} (process {up.process.pid})" in said
        assert up.login_page_answers()

    def test_it_refuses_a_taken_port(self, up, folder):
        code, said = run_up(folder / "other", "--port", str(up.port))

        assert code == 1
        assert f"Port {up.port} of 127.0.0.1 is taken by another program" in said
        assert not (folder / "other" / "postgres").exists()

    @pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "8000\u0660"])
    def test_it_refuses_what_is_no_port(self, folder, port):
        code, said = run_up(folder / "other", f"--port={port}")

        assert code == 2
        assert f"'{port}' is no port. Give a number from 1 to 65535" in said

    def test_it_refuses_a_scenario_that_nobody_plays(self, folder):
        code, said = run_up(folder / "other", "--scenario=normall")

        assert code == 2
        assert "'normall' is no scenario. Choose one of: completed-with-errors" in said

    def test_it_refuses_a_folder_that_is_a_file(self, folder):
        (folder / "file").write_text("")

        code, said = run_up(folder / "file")

        assert code == 1
        assert "something that is no folder" in said

    def test_it_refuses_a_folder_it_cannot_write(self):
        code, said = run_up(Path("/proc/batchops"))

        assert code == 1
        assert "BatchOps cannot start." in said
        assert "Traceback" not in said

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
    def test_it_refuses_a_full_disk(self, folder):
        with small_disk(folder / "disk", "20m") as disk:
            code, said = run_up(disk / "var", "--port", str(free_port()))
            made = sorted(path.name for path in (disk / "var").glob("postgres*"))

        assert code == 1
        assert "20 MB left; PostgreSQL needs 300 MB" in said.replace("19 MB", "20 MB")
        assert made == []


def make_cluster(data_dir: Path, *settings: str) -> Path:
    """Make the database cluster that an `up` on `data_dir` will find, with settings of its own."""
    place = choose_place(data_dir)
    postgres.create_cluster(place)
    with (place.cluster / "postgresql.auto.conf").open("a") as file:
        file.write("\n".join([*settings, ""]))
    return place.cluster


class TestADatabaseThatIsNotReady:
    """A standby that lets nobody in looks like a server that recovers from a crash for hours."""

    @pytest.fixture(scope="class")
    def data_dir(self, folder: Path) -> Iterator[Path]:
        data_dir = folder / "recovering"
        data_dir.mkdir()
        (make_cluster(data_dir, "hot_standby = off") / "standby.signal").touch()
        yield data_dir
        remove(data_dir)

    def test_it_does_not_keep_from_stopping(self, data_dir):
        up = Up(data_dir)
        wait_for(lambda: postgres.postmaster(cluster_folder(data_dir)), START_S, "PostgreSQL")

        assert up.end(signal.SIGINT) == 0
        assert "Stopped." in up.output()
        assert left_over(data_dir) == []

    def test_it_does_not_outlive_whoever_started_it(self, data_dir):
        command = [sys.executable, "manage.py", "up", "--no-demo", "--stop-with-parent"]
        parent = subprocess.Popen(
            ["sh", "-c", '"$@" & read line', "sh", *command, "--port", str(free_port())],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            env=clean_environment(data_dir),
        )
        wait_for(lambda: postgres.postmaster(cluster_folder(data_dir)), START_S, "PostgreSQL")

        parent.communicate()

        wait_for(lambda: not left_over(data_dir), STOP_S, "everything to stop")


class TestADatabaseThatRefuses:
    def test_it_is_told_in_a_sentence(self, folder):
        data_dir = folder / "refusing"
        data_dir.mkdir()
        make_cluster(data_dir, "default_transaction_read_only = on")

        code, said = run_up(data_dir, "--port", str(free_port()))
        remove(data_dir)

        assert code == 1
        assert "could not be prepared: cannot execute CREATE ROLE in a read-only" in said
        assert "Traceback" not in said


class TestHealing:
    @pytest.mark.parametrize("name", ["web", "jobs", "watch"])
    def test_it_starts_a_killed_service_again(self, up, name):
        killed = up.service(name)

        killed.kill()

        wait_for(lambda: healed(up, name, killed), START_S, f"{name} to be started again")
        wait_for(up.login_page_answers, START_S, "the login page")

    @pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGKILL])
    def test_it_starts_a_stopped_database_again(self, up, how):
        cookies, before = up.log_in(), up.postmaster()

        before.send_signal(how)

        before.wait(STOP_S)
        wait_for(lambda: postgres.postmaster(cluster_folder(up.data_dir)), START_S, "PostgreSQL")
        wait_for(lambda: logged_in(up, cookies), START_S, "the session to be found again")

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
    def test_it_says_that_the_disk_is_full_and_goes_on_when_there_is_room(self, folder):
        with small_disk(folder / "full", "700m") as disk:
            up = Up(disk / "var").wait_ready()
            ballast = fill(disk)
            wait_for(lambda: "MB left. Free some" in up.output(), STOP_S, "a word about the disk")
            up.postmaster().kill()
            wait_for(lambda: "No space left on device" in up.output(), STOP_S, "PostgreSQL's word")
            assert not up.has_ended()

            ballast.unlink()
            wait_for(up.login_page_answers, START_S, "the login page")
            wait_for(lambda: "has room again" in up.output(), STOP_S, "a word about the disk")
            assert up.end(signal.SIGTERM) == 0

    def test_it_replaces_a_killed_watchdog(self, up):
        [before] = up.watchdogs()

        before.kill()

        wait_for(lambda: up.watchdogs() not in ([], [before]), STOP_S, "another watchdog")


class TestEnd:
    """One folder through its ends: killed with its group, asked politely, killed alone."""

    @pytest.fixture(scope="class")
    def data_dir(self, folder: Path) -> Iterator[Path]:
        # Reached by a link, and too deep for a socket of its own.
        deep = folder / ("deep" * 10) / ("deeper" * 10)
        deep.mkdir(parents=True)
        (folder / "link").symlink_to(deep)
        yield deep
        remove(deep)
        (folder / "link").unlink()

    def test_it_leaves_nothing_and_loses_nothing(self, folder, data_dir):
        first = Up(folder / "link").wait_ready()
        cookies = first.log_in()
        os.killpg(first.process.pid, signal.SIGKILL)
        first.process.wait()

        # Comes while the watchdog of the first still stops what was left.
        second = Up(folder / "link").wait_ready()
        assert "Waiting for what an earlier run left to stop" in second.output()
        assert second.is_logged_in(cookies)
        assert "Log in  as before" in second.output()
        assert "manage.py changepassword admin" in second.output()
        assert second.end(signal.SIGTERM) == 0
        assert left_over(data_dir) == []

        impostor = self._leave_stale_lock(data_dir)
        third = Up(folder / "link").wait_ready()
        assert impostor.poll() is None
        impostor.kill()
        assert third.is_logged_in(cookies)
        third.end(signal.SIGKILL)
        wait_for(lambda: not left_over(data_dir), STOP_S, "the watchdog to stop everything")

    def test_it_cleans_up_when_the_watchdog_was_killed_with_it(self, folder, data_dir):
        up = Up(folder / "link").wait_ready()
        [watchdog] = up.watchdogs()
        watchdog.suspend()
        up.end(signal.SIGKILL)
        watchdog.kill()
        assert left_over(data_dir)

        again = Up(folder / "link").wait_ready()

        assert "Stopping what an earlier run left behind" in again.output()
        assert again.login_page_answers()
        assert again.end(signal.SIGINT) == 0
        assert left_over(data_dir) == []

    def _leave_stale_lock(self, data_dir: Path) -> subprocess.Popen[bytes]:
        """Write a lock file that names a living process of PostgreSQL's own user."""
        cluster = cluster_folder(data_dir)
        owner = cluster.stat()
        impostor = subprocess.Popen(
            ["sleep", "60"], user=owner.st_uid if os.geteuid() == 0 else None, cwd="/"
        )
        lock = cluster / "postmaster.pid"
        lock.write_text(f"{impostor.pid}\n{cluster}\n0\n5432\n")
        os.chown(lock, owner.st_uid, owner.st_gid)
        return impostor


def logged_in(up: Up, cookies: str) -> bool:
    try:
        return up.is_logged_in(cookies)
    except OSError:
        return False
