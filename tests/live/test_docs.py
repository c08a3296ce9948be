from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from batchops.access import create_token
from tests.live.board import notes

pytestmark = [pytest.mark.processes, pytest.mark.django_db]

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


def client_in(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


class TestPythonClient:
    def test_it_runs_as_printed(self, web, watcher):
        notes.write("printed", 1)
        client = subprocess.Popen(
            [sys.executable, "-c", client_in("python")],
            env={
                **os.environ,
                "BATCHOPS_LIVE": f"ws://127.0.0.1:{web.port}/ws/live/",
                "BATCHOPS_TOPIC": "note:printed",
                "BATCHOPS_TOKEN": create_token(user=watcher, name="printed"),
                "no_proxy": "127.0.0.1",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        # It tries again for ever, as it should, so a test that fails must not wait for its end.
        too_late = threading.Timer(20, client.kill)
        too_late.start()
        with client:
            assert client.stdout is not None
            assert client.stderr is not None
            assert json.loads(client.stdout.readline()) == {"value": 1}
            notes.write("printed", 2)
            assert json.loads(client.stdout.readline()) == {"value": 2}
            notes.erase("printed")
            assert client.stderr.read() == "unknown\n"
        too_late.cancel()
