"""Ask the API at a steady rate: python -m tests.load.readers, told what on its input.

Input: one line of JSON with `ports`, `tokens`, `jobs` and `a_second`; it asks until the second
line, and prints the seconds that each answer took, counted from when it was due, by status.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from collections import defaultdict
from typing import Any

THREADS = 16
PATHS = (
    "/api/batch-jobs/{job}/status",
    "/api/batch-jobs/{job}",
    "/api/batch-jobs?limit=50",
    "/api/batch-jobs/{job}/items?limit=50",
    "/api/ami-operational/active-alerts",
    "/api/alerts",
)


class Reader(threading.Thread):
    """One of THREADS: takes every so-manieth request, on a connection that it keeps."""

    def __init__(self, number: int, order: dict[str, Any], begun_at: float) -> None:
        super().__init__(daemon=True)
        self.took: dict[str, list[float]] = defaultdict(list)
        self._number = number
        self._order = order
        self._begun_at = begun_at
        port = order["ports"][number % len(order["ports"])]
        self._web = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self._over = threading.Event()

    def run(self) -> None:
        turn = self._number
        while not self._over.wait(max(0.0, self._due_at(turn) - time.monotonic())):
            status = self._ask(turn)
            self.took[status].append(time.monotonic() - self._due_at(turn))
            turn += THREADS

    def end(self) -> None:
        self._over.set()

    def _due_at(self, turn: int) -> float:
        moment: float = self._begun_at + turn / self._order["a_second"]
        return moment

    def _ask(self, turn: int) -> str:
        jobs, tokens = self._order["jobs"], self._order["tokens"]
        path = PATHS[turn % len(PATHS)].format(job=jobs[turn % len(jobs)])
        try:
            self._web.request(
                "GET", path, headers={"Authorization": f"Token {tokens[turn % len(tokens)]}"}
            )
            answer = self._web.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._web.close()
            return type(error).__name__
        return str(answer.status)


def main() -> None:
    order = json.loads(sys.stdin.readline())
    readers = [Reader(number, order, time.monotonic()) for number in range(THREADS)]
    for reader in readers:
        reader.start()
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    took: dict[str, list[float]] = defaultdict(list)
    for reader in readers:
        reader.end()
    for reader in readers:
        reader.join()
        for status, seconds in reader.took.items():
            took[status] += seconds
    print(json.dumps(took), flush=True)  # noqa: T201


main()
