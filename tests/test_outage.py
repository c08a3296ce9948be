"""Take the database away, or hold what a request needs: each answer says so and what to do."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client

from tests.people import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.sql]
PLACES = ("/admin/jobs/", "/admin/jobs/job/", "/api/batch-jobs")

Trouble = Callable[[], AbstractContextManager[None]]


def another_session() -> psycopg.Connection[Any]:
    parameters = connection.get_connection_params()
    names = ("host", "port", "user", "password", "dbname")
    return psycopg.connect(**{name: parameters[name] for name in names if parameters.get(name)})


@contextmanager
def held() -> Iterator[None]:
    """Hold the jobs in another session, longer than a request waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '50ms'")
    with another_session() as other:
        other.execute("LOCK TABLE jobs_job IN ACCESS EXCLUSIVE MODE")
        yield


@contextmanager
def cut() -> Iterator[None]:
    """End this process's session on the server, as a restart or a failover does."""
    connection.ensure_connection()
    with another_session() as other:
        other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    yield


@pytest.fixture(params=[(held, "Somebody else"), (cut, "does not answer")], ids=["held", "away"])
def trouble(request: pytest.FixtureRequest) -> tuple[Trouble, str]:
    found: tuple[Trouble, str] = request.param
    return found


@pytest.fixture
def client() -> Client:
    return client_of("Administrator")


class TestAnOutage:
    @pytest.mark.parametrize("place", PLACES)
    def test_is_answered_with_a_sentence_and_when_to_come_back(
        self, client: Client, trouble: tuple[Trouble, str], place: str
    ) -> None:
        begin, sentence = trouble

        with begin():
            answer = client.get(place)

        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert sentence in answer.content.decode()
        assert answer["Cache-Control"] == "no-store"
        if place.startswith("/api/"):
            assert (answer.json()["success"], answer.json()["error"]) == (False, "unavailable")
        else:
            assert answer["Content-Type"].startswith("text/html")

    @pytest.mark.parametrize("place", PLACES)
    def test_is_one_line_in_the_log(
        self,
        client: Client,
        trouble: tuple[Trouble, str],
        place: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        begin, _ = trouble

        with begin(), caplog.at_level(logging.WARNING):
            client.get(place)

        [record] = caplog.records
        assert record.getMessage().startswith(f"{place}: no database: ")
        assert "\n" not in record.getMessage()
        assert record.exc_info is None
