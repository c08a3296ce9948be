"""Take the database away from real clusters, in each way it goes, and give it back."""

import signal
from collections.abc import Callable

import psycopg
import pytest

from tests.cluster.databases import closed
from tests.cluster.running import Running
from tests.waiting import wait_for

pytestmark = pytest.mark.processes

Start = Callable[..., Running]


class TestADatabaseThatIsAwayAtTheStart:
    def test_it_is_waited_for(self, start: Start, shared: str, server: psycopg.Connection) -> None:
        with closed(server, shared):
            cluster = start()
            wait_for(lambda: "next try" in cluster.log(), 10, "the first try")
            assert not cluster.has_ended()
        cluster.wait_until_up()

    def test_a_stop_is_heeded_meanwhile(
        self, start: Start, shared: str, server: psycopg.Connection
    ) -> None:
        with closed(server, shared):
            cluster = start()
            wait_for(lambda: "next try" in cluster.log(), 10, "the first try")
            cluster.main.send_signal(signal.SIGTERM)
            assert cluster.wait_for_exit(5) == 0
