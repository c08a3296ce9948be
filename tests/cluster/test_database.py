"""Take the database away from real clusters, in each way it goes, and give it back."""

import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connections

from batchops.cluster.queries import is_alive
from batchops.house import postgres
from batchops.house.places import choose_place
from tests.cluster.databases import closed, environment_for, migrate, orm_at
from tests.cluster.running import Running, bell
from tests.embedded import start_postgres, temporary_folder
from tests.waiting import wait_for

pytestmark = pytest.mark.processes

Start = Callable[..., Running]


class TestADatabaseThatIsAwayAtTheStart:
    def test_it_is_waited_for(self, start: Start, shared: str, server: psycopg.Connection) -> None:
        with closed(server, shared):
            cluster = start()
            wait_for(lambda: "next try" in cluster.log(), 10, "the first try")
            assert cluster.exit_codes == []
        cluster.wait_until_up()

    def test_a_stop_is_heeded_meanwhile(
        self, start: Start, shared: str, server: psycopg.Connection
    ) -> None:
        with closed(server, shared):
            cluster = start()
            wait_for(lambda: "next try" in cluster.log(), 10, "the first try")
            cluster.main.send_signal(signal.SIGTERM)
            assert cluster.wait_for_exit(5) == 0


@pytest.fixture
def own_server(django_db_blocker: Any) -> Iterator[tuple[Path, str]]:
    """Start a PostgreSQL for one test alone and return its data folder and its address."""
    data_dir = temporary_folder()
    address = start_postgres(data_dir)
    try:
        migrate(address)
        with django_db_blocker.unblock(), orm_at(address):
            yield data_dir, address
    finally:
        stop_at_once(data_dir)
        shutil.rmtree(data_dir)


def stop_at_once(data_dir: Path) -> None:
    """Stop the server in its mode "immediate": as a crash does, without a checkpoint."""
    if server := postgres.postmaster(choose_place(data_dir).cluster):
        server.send_signal(signal.SIGQUIT)
        server.wait(timeout=10)


class TestAServerThatIsRestarted:
    def test_the_cluster_finds_it_again_and_answers(
        self, own_server: tuple[Path, str], tmp_path: Path
    ) -> None:
        data_dir, address = own_server
        cluster = Running(environment_for(address), tmp_path, name="jobs", restart=False)
        try:
            cluster.wait_until_up()
            wait_for(lambda: is_alive("jobs"), 10, "a heartbeat")
            stop_at_once(data_dir)
            wait_for(lambda: "No heartbeat" in cluster.log(), 10, "the loss to be seen")
            connections["default"].close()
            start_postgres(data_dir)

            wait_for(lambda: is_alive("jobs"), 10, "a new heartbeat")
            bell("note")
            wait_for(lambda: cluster.answers("noted"), 20, "an answer")  # django-q2 rests 10 s
            assert cluster.exit_codes == []
        finally:
            cluster.end()
