"""Watch one job through one web server, as a page does that is never reloaded."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from itertools import pairwise
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

ASK_EVERY_S = 0.5
SILENT_AFTER_S = 2
CONNECT_WITHIN_S = 2
WEB_PORT = 8000


class Watching(threading.Thread):
    """Keep every frame of the job, and connect anew whenever the server is silent."""

    def __init__(self, address: str, *, token: str, job: str) -> None:
        super().__init__(name=f"watching {address}", daemon=True)
        self.frames: list[dict[str, Any]] = []
        self._address = address
        self._token = token
        self._topic = f"job:{job}"
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.is_set():
            with suppress(OSError, WebSocketException):
                self._connect()
            self._over.wait(ASK_EVERY_S)

    def end(self) -> None:
        self._over.set()
        self.join()

    def shows_the_end(self) -> bool:
        """Tell whether the newest frame is that of a job which completed."""
        return bool(self.frames) and self.last("status") == "completed"

    def last(self, name: str) -> Any:
        """Return one fact of the newest frame."""
        return self.frames[-1]["data"][name]

    def went_back(self) -> list[tuple[Any, Any]]:
        """Return the pairs of frames of which the second shows less than the first."""
        shown = [(frame["revision"], frame["data"]["processedCount"]) for frame in self.frames]
        return [
            (one, next_) for one, next_ in pairwise(shown) if next_[0] < one[0] or next_[1] < one[1]
        ]

    def _connect(self) -> None:
        with connect(
            f"ws://{self._address}:{WEB_PORT}/ws/live/",
            additional_headers={"Authorization": f"Token {self._token}"},
            open_timeout=CONNECT_WITHIN_S,
            close_timeout=0.1,
            ping_interval=None,
            proxy=None,
        ) as line:
            line.send(json.dumps({"subscribe": [self._topic]}))
            self._listen(line)

    def _listen(self, line: ClientConnection) -> None:
        heard_at = time.monotonic()
        while not self._over.is_set() and time.monotonic() - heard_at < SILENT_AFTER_S:
            try:
                message = json.loads(line.recv(timeout=ASK_EVERY_S))
            except TimeoutError:
                line.send(json.dumps({"ping": 1}))
                continue
            heard_at = time.monotonic()
            if message.get("topic") == self._topic and "data" in message:
                self.frames.append(message)
