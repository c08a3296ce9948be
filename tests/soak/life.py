"""What people and programs do all day: start jobs, cancel and retry some, look, and watch."""

from __future__ import annotations

import http.client
import json
import random
import threading
from contextlib import suppress
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

TOPICS = ["jobs", "statistics", "schedules", "workflow", "alerts", "health"]
PAGES = (
    "/api/batch-jobs?limit=50&stats=true",
    "/api/ami-operational/batch-timeline",
    "/api/ami-operational/running-batches",
    "/api/alerts",
)
# One in so many drills is cancelled, or retried when it has ended.
TENTH = 10


class Person(threading.Thread):
    """Do one thing every `pause_s`, as chance has it, until told to end."""

    def __init__(self, port: int, token: str, *, seed: int, pause_s: float) -> None:
        super().__init__(daemon=True)
        self.answers: dict[str, int] = {}
        self._web = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
        self._chance = random.Random(seed)
        self._pause_s = pause_s
        self._jobs: list[str] = []
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(self._pause_s * self._chance.uniform(0.5, 1.5)):
            try:
                self._act()
            except (OSError, http.client.HTTPException) as error:
                self._web.close()
                self._count(type(error).__name__)

    def end(self) -> None:
        self._over.set()
        self.join()

    def _act(self) -> None:
        draw = self._chance.randrange(TENTH)
        if draw == 0 and self._jobs:
            self._ask("POST", f"/api/batch-jobs/{self._chance.choice(self._jobs)}/cancel")
        elif draw == 1 and self._jobs:
            self._ask("POST", f"/api/batch-jobs/{self._chance.choice(self._jobs)}/retry")
        elif draw < TENTH // 2:
            self._start()
        else:
            self._ask("GET", self._chance.choice(PAGES))

    def _start(self) -> None:
        params = {
            "items": self._chance.choice([10, 200, 2_000]),
            "ms": self._chance.choice([0, 1, 5]),
            "failPercent": self._chance.choice([0, 0, 5]),
        }
        answer = self._ask("POST", "/api/batch-jobs", {"type": "drill", "params": params})
        if data := answer.get("data"):
            self._jobs = [*self._jobs[-19:], data["id"]]

    def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        content = None if method == "GET" else json.dumps(body or {})
        self._web.request(method, path, body=content, headers=self._headers)
        answer = self._web.getresponse()
        found: dict[str, Any] = json.loads(answer.read())
        self._count(str(answer.status))
        return found

    def _count(self, what: str) -> None:
        self.answers[what] = self.answers.get(what, 0) + 1


class Screen(threading.Thread):
    """Watch everything that is on the pages, and come back when the socket closes."""

    def __init__(self, port: int, token: str) -> None:
        super().__init__(daemon=True)
        self.frames = 0
        self.connections = 0
        self._address = f"ws://127.0.0.1:{port}/ws/live/"
        self._headers = {"Authorization": f"Token {token}"}
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.is_set():
            with suppress(OSError, WebSocketException):
                self._watch()
            self._over.wait(0.5)

    def end(self) -> None:
        self._over.set()
        self.join()

    def _watch(self) -> None:
        with connect(self._address, additional_headers=self._headers, proxy=None) as line:
            self.connections += 1
            line.send(json.dumps({"subscribe": TOPICS}))
            while not self._over.is_set():
                with suppress(TimeoutError):
                    line.recv(timeout=1)
                    self.frames += 1
