from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.utils import timezone
from websockets.sync.server import ServerConnection, serve

from batchops.access import create_token, digest_of
from batchops.models import ApiToken
from tests.live.board import notes
from tests.web_process import WebProcess

pytestmark = [pytest.mark.processes, pytest.mark.django_db]

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


def client_in(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


@contextmanager
def printed_client(address: str, topic: str, token: str) -> Iterator[subprocess.Popen[str]]:
    """Run the client of the page; it tries again for ever, so a test that fails must not wait."""
    client = subprocess.Popen(
        [sys.executable, "-c", client_in("python")],
        env={
            **os.environ,
            "BATCHOPS_LIVE": address,
            "BATCHOPS_TOPIC": topic,
            "BATCHOPS_TOKEN": token,
            "no_proxy": "127.0.0.1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    too_late = threading.Timer(20, client.kill)
    too_late.start()
    with client:
        yield client
    too_late.cancel()


def said_at_the_end(client: subprocess.Popen[str]) -> str:
    assert client.stderr is not None
    return client.stderr.read()


def next_data(client: subprocess.Popen[str]) -> object:
    assert client.stdout is not None
    return json.loads(client.stdout.readline())


class TestPythonClient:
    def test_it_runs_as_printed(self, web, watcher):
        notes.write("printed", 1)
        token = create_token(user=watcher, name="printed")
        with printed_client(live(web), "note:printed", token) as client:
            assert next_data(client) == {"value": 1}
            notes.write("printed", 2)
            assert next_data(client) == {"value": 2}
            notes.erase("printed")
            assert said_at_the_end(client) == "unknown\n"

    def test_it_ends_when_it_may_not_come_in(self, web):
        with printed_client(live(web), "note:printed", "made-up") as client:
            assert said_at_the_end(client) == "refused: 4401\n"

    def test_it_ends_when_its_token_is_revoked(self, web, watcher):
        notes.write("printed", 1)
        token = create_token(user=watcher, name="printed")
        with printed_client(live(web), "note:printed", token) as client:
            assert next_data(client) == {"value": 1}
            ApiToken.objects.filter(digest=digest_of(token)).update(revoked_at=timezone.now())
            assert said_at_the_end(client) == "refused: 4403\n"

    def test_it_ends_at_an_address_that_is_not_the_socket(self, web):
        address = live(web).replace("/ws/live/", "/ws/else/")
        with printed_client(address, "note:printed", "made-up") as client:
            assert said_at_the_end(client) == "refused: 403\n"

    def test_it_drops_a_stale_frame_and_waits_after_a_clean_close(self):
        visits = []

        def answer(line: ServerConnection) -> None:
            visits.append(time.monotonic())
            line.recv()
            for revision in (5, 4, 6):
                line.send(json.dumps({"revision": revision, "data": revision}))

        with serve(answer, "127.0.0.1", 0) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            address = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
            with printed_client(address, "note:printed", "any") as client:
                assert [next_data(client) for _ in range(4)] == [5, 6, 5, 6]
                client.kill()
            server.shutdown()
        assert visits[1] - visits[0] >= 0.5


def live(web: WebProcess) -> str:
    return f"ws://127.0.0.1:{web.port}/ws/live/"
