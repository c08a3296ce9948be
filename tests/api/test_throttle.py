"""Let one caller ask too much: the others do not notice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from rest_framework.throttling import SimpleRateThrottle

from batchops.access import create_token
from tests.people import client_of, logged_in, person

pytestmark = pytest.mark.django_db
JOBS = "/api/batch-jobs"
START = datetime(2026, 3, 11, 8, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def counted_anew() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three requests a minute, six of a status, three of a stranger."""
    rates = {"user": "3/minute", "status": "6/minute", "stranger": "3/minute"}
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", rates)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def codes(client: Client, path: str, times: int, **headers: str) -> list[int]:
    return [client.get(path, headers=headers).status_code for _ in range(times)]


class TestTheLimit:
    def test_is_600_a_minute_and_1200_for_what_old_consoles_poll(self) -> None:
        rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]

        assert rates == {"user": "600/minute", "status": "1200/minute", "stranger": "600/minute"}
        assert rates == SimpleRateThrottle.THROTTLE_RATES

    def test_refuses_with_the_seconds_to_wait_and_then_lets_in_again(
        self, slow: None, clock: time_machine.Traveller
    ) -> None:
        client = client_of("Viewer")
        assert codes(client, JOBS, 3) == [200, 200, 200]
        clock.shift(timedelta(seconds=17.5))

        answer = client.get(JOBS)

        assert (answer.status_code, answer["Retry-After"]) == (429, "43")
        assert answer["Cache-Control"] == "no-store"
        assert answer.json() == {
            "success": False,
            "message": "Too many requests within a minute. Try again in 43 seconds.",
            "error": "throttled",
        }
        clock.shift(timedelta(seconds=43))
        assert codes(client, JOBS, 1) == [200]

    def test_is_of_a_person_with_all_tokens_from_everywhere(
        self, slow: None, clock: time_machine.Traveller
    ) -> None:
        user, other = person("Viewer"), client_of("Viewer", "other")
        keys = [create_token(user=user, name=name) for name in ("a", "b")]
        asked: list[Any] = [
            logged_in(user).get(JOBS),
            *(Client().get(JOBS, headers={"Authorization": f"Token {key}"}) for key in keys),
            Client(REMOTE_ADDR="10.0.0.9").get(JOBS, headers={"Authorization": f"Token {keys[0]}"}),
        ]

        assert [answer.status_code for answer in asked] == [200, 200, 200, 429]
        assert codes(other, JOBS, 1) == [200]

    @pytest.mark.parametrize(
        "path", ["batch-jobs/x", "batch-jobs/x/status", "batches/x", "batches/x/summary"]
    )
    def test_of_a_status_is_twice_as_high_and_counted_apart(
        self, slow: None, clock: time_machine.Traveller, path: str
    ) -> None:
        client = client_of("Viewer")

        assert codes(client, f"/api/{path}", 7) == [404] * 6 + [429]
        assert codes(client, JOBS, 4) == [200] * 3 + [429]

    def test_counts_what_is_refused_for_its_input_too(
        self, slow: None, clock: time_machine.Traveller
    ) -> None:
        client = client_of("Viewer")

        assert codes(client, f"{JOBS}?limit=0", 4) == [400] * 3 + [429]


class TestStrangers:
    @pytest.mark.parametrize("headers", [{}, {"Authorization": "Token guessed"}])
    def test_are_counted_by_address(
        self, slow: None, clock: time_machine.Traveller, headers: dict[str, str]
    ) -> None:
        assert codes(Client(), JOBS, 4, **headers) == [401] * 3 + [429]
        assert codes(Client(REMOTE_ADDR="10.0.0.9"), JOBS, 1, **headers) == [401]

    def test_are_told_when_to_come_again(self, slow: None, clock: time_machine.Traveller) -> None:
        codes(Client(), JOBS, 3)

        answer = Client().get(JOBS)

        assert (answer["Retry-After"], answer.json()["error"]) == ("60", "throttled")

    def test_keep_nobody_out_who_is_known(self, slow: None, clock: time_machine.Traveller) -> None:
        codes(Client(), JOBS, 9)

        assert codes(client_of("Viewer"), JOBS, 1) == [200]
