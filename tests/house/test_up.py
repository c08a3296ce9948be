"""`manage.py up` as its user meets it: real processes, real kills."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from batchops.house import postgres
from batchops.house.environment import FILE_NAME
from batchops.house.places import choose_place, cluster_folder, remove
from batchops.house.provision import APPLICATION, CCB_DATABASE, CCB_READER, DATABASE
from batchops.house.up import main
from tests.embedded import ROOT, free_port, temporary_folder
from tests.house.disks import fill, need_room, require_mounted, small_disk
from tests.house.running import (
    START_S,
    STOP_S,
    Up,
    clean_environment,
    kill_with_watchdog,
    leave_stale_lock,
    left_over,
    run_up,
)
from tests.waiting import wait_for

pytestmark = pytest.mark.processes


DEATH = "postgres was killed by signal 9"


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
def disk(folder: Path) -> Iterator[Path]:
    """Mount a small disk; without the right to do so it is a folder like any other."""
    with small_disk(folder / "disk", "500m") as disk:
        yield disk
        for process in left_over(disk):
            process.kill()


@pytest.fixture(scope="module")
def data_dir(folder: Path, disk: Path) -> Iterator[Path]:
    """Make a data folder with spaces, reached by a link and too deep for a socket of its own."""
    deep = disk / ("deep " * 10).strip() / ("deeper" * 10)
    deep.mkdir(parents=True)
    # Off the disk, so that what is said when the disk is full can be read.
    (folder / "log").mkdir()
    (deep / "log").symlink_to(folder / "log")
    link = folder / "link"
    link.symlink_to(deep)
    yield link
    remove(deep)
    link.unlink()


@pytest.fixture(scope="module")
def up(data_dir: Path) -> Iterator[Up]:
    running = Up(data_dir).wait_ready()
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
            [sys.executable, "manage.py", "create_token", "admin", "a program"],
            cwd=ROOT,
            env=clean_environment(up.data_dir),
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 0, done.stderr


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
    def test_it_refuses_what_is_no_port(self, port, capsys):
        with pytest.raises(SystemExit, match="2"):
            main([f"--port={port}"])

        said = capsys.readouterr().err
        assert f"'{port}' is no port. Give a number from 1 to 65535" in said

    def test_it_refuses_a_scenario_that_nobody_plays(self, capsys):
        with pytest.raises(SystemExit, match="2"):
            main(["--scenario=normall"])

        said = capsys.readouterr().err
        assert "'normall' is no scenario. Choose one of: completed-with-errors" in said

    def test_it_refuses_a_folder_that_is_a_file(self, tmp_path, capsys):
        (tmp_path / "file").write_text("")

        assert main([f"--data-dir={tmp_path / 'file'}"]) == 1
        assert "something that is no folder" in capsys.readouterr().out

    def test_it_refuses_a_folder_it_cannot_write(self, capsys):
        assert main(["--data-dir=/proc/batchops"]) == 1
        assert "BatchOps cannot start." in capsys.readouterr().out

    def test_it_refuses_a_full_disk(self, folder):
        with small_disk(folder / "full", "20m") as disk:
            require_mounted(disk)
            code, said = run_up(disk / "var", "--port", str(free_port()))
            made = sorted(path.name for path in (disk / "var").glob("postgres*"))

        assert code == 1
        assert "20 MB left; PostgreSQL needs 300 MB" in said.replace("19 MB", "20 MB")
        assert made == []


@pytest.fixture(scope="module")
def troubled(folder: Path) -> Iterator[Path]:
    """Make a data folder whose database cluster is there before its first `up`."""
    data_dir = folder / "troubled"
    data_dir.mkdir()
    postgres.create_cluster(choose_place(data_dir))
    yield data_dir
    remove(data_dir)


def set_up_cluster(data_dir: Path, setting: str) -> Path:
    cluster = cluster_folder(data_dir)
    (cluster / "postgresql.auto.conf").write_text(f"{setting}\n")
    return cluster


class TestADatabaseThatRefuses:
    def test_it_is_told_in_a_sentence(self, troubled):
        set_up_cluster(troubled, "default_transaction_read_only = on")

        code, said = run_up(troubled, "--port", str(free_port()))

        assert code == 1
        assert "could not be prepared: cannot execute CREATE ROLE in a read-only" in said
        assert "Traceback" not in said


class TestADatabaseThatIsNotReady:
    """A standby that lets nobody in looks like a server that recovers from a crash for hours."""

    @pytest.fixture
    def data_dir(self, troubled: Path) -> Path:
        (set_up_cluster(troubled, "hot_standby = off") / "standby.signal").touch()
        return troubled

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


class TestHealing:
    @pytest.mark.parametrize("name", ["web", "watch"])  # of jobs: tests/faults
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

    def test_it_replaces_a_killed_watchdog(self, up):
        [before] = up.watchdogs()

        before.kill()

        wait_for(lambda: up.watchdogs() not in ([], [before]), STOP_S, "another watchdog")

    def test_it_says_that_the_disk_is_full_and_goes_on_when_there_is_room(self, up, disk):
        require_mounted(disk)
        ballast = fill(disk)
        try:
            wait_for(lambda: "MB left. Free some" in up.output(), STOP_S, "a word about the disk")
            need_room(up.data_dir)
            wait_for(lambda: "No space left on device" in up.output(), STOP_S, "PostgreSQL's word")
            deaths = up.output().count(DEATH)
            up.postmaster().kill()
            wait_for(lambda: up.output().count(DEATH) > deaths, STOP_S, "a word about the death")
            assert not up.has_ended()
        finally:
            ballast.unlink()

        wait_for(up.login_page_answers, START_S, "the login page")
        wait_for(lambda: "has room again" in up.output(), STOP_S, "a word about the disk")


class TestEnd:
    """One folder through its ends: killed with its group, with its watchdog, asked."""

    def test_it_leaves_nothing_and_loses_nothing(self, up, data_dir):
        folder, cookies = up.data_dir, up.log_in()
        os.killpg(up.process.pid, signal.SIGKILL)
        up.process.wait()
        wait_for(lambda: not left_over(folder), STOP_S, "the watchdog to stop everything")

        impostor = leave_stale_lock(folder)
        second = Up(data_dir).wait_ready()
        assert impostor.poll() is None
        impostor.kill()
        assert second.is_logged_in(cookies)
        assert "Log in  as before" in second.output()
        assert "manage.py changepassword admin" in second.output()
        kill_with_watchdog(second)
        assert left_over(folder)

        third = Up(data_dir).wait_ready()
        assert "Stopping what an earlier run left behind" in third.output()
        assert third.is_logged_in(cookies)
        assert third.end(signal.SIGTERM) == 0
        assert left_over(folder) == []


def logged_in(up: Up, cookies: str) -> bool:
    try:
        return up.is_logged_in(cookies)
    except OSError:
        return False
