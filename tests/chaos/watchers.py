"""Watch the console's sockets for as long as a site lives, and note what they were told."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from tests.faults.site import Site

PAUSE_S = 0.2
# Fields that tell the time of the reading, or what is usual by now, not the state of the job.
PASSING = (
    "revision", "quietSeconds", "etaLowSeconds", "etaHighSeconds", "etaSeconds", "ratePerSecond",
)  # fmt: skip


def line_to(site: Site) -> ClientConnection:
    """Open a socket as a program does.

    :raises OSError: when nobody listens.
    :raises WebSocketException: when the server does not let us in.
    """
    return connect(
        f"ws://127.0.0.1:{site.up.port}/ws/live/",
        additional_headers={"Authorization": f"Token {site.token}"},
        proxy=None,
        open_timeout=5,
        close_timeout=1,
    )


def kept(data: Any) -> Any:
    """Return what must be the same in two frames of one state."""
    if not isinstance(data, dict):
        return data
    if "timelines" in data:  # of CC&B's day, what our own database says; the rest goes by clocks
        return {name: data[name] for name in ("lastUpdated", "stale", "loginRefused")}
    return {name: value for name, value in data.items() if name not in PASSING}


class Watcher:
    """One client that follows the rules of docs/api.md, comes back, and forgets nothing."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.last: dict[str, Any] = {}
        self.wrong: list[str] = []
        self.frames = 0
        self.connects = 0
        self.wanted = {"jobs", "alerts", "schedules", "workflow"}
        self._asked: set[str] = set()
        self._progress: dict[str, tuple[int, int]] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def follow(self, job: str) -> None:
        """Watch one job more, from the next look on."""
        self.wanted.add(f"job:{job}")

    def end(self) -> None:
        self._ended.set()
        self._thread.join(10)

    def _watch(self) -> None:
        while not self._ended.is_set():
            try:
                with line_to(self.site) as line:
                    self.connects += 1
                    self._listen(line)
            except (OSError, WebSocketException, TimeoutError):
                self._ended.wait(PAUSE_S)

    def _listen(self, line: ClientConnection) -> None:
        """Take frames until the line breaks; a silence of seconds is broken by a ping."""
        newest: dict[str, int] = {}
        self._asked = set()
        heard_at = time.monotonic()
        while not self._ended.is_set():
            self._subscribe(line)
            try:
                text = line.recv(timeout=PAUSE_S)
            except TimeoutError:
                if time.monotonic() - heard_at > 5:
                    line.send('{"ping": 1}')
                if time.monotonic() - heard_at > 10:
                    return
                continue
            heard_at = time.monotonic()
            self._take(json.loads(text), newest)

    def _subscribe(self, line: ClientConnection) -> None:
        if new := self.wanted - self._asked:
            line.send(json.dumps({"subscribe": sorted(new)}))
            self._asked |= new

    def _take(self, frame: dict[str, Any], newest: dict[str, int]) -> None:
        if "data" not in frame:
            if frame.get("error") == "forbidden":
                self.wrong.append(f"refused: {frame}")
            return
        topic, revision = frame["topic"], frame["revision"]
        if revision <= newest.get(topic, -1):
            return  # as every page drops it
        newest[topic] = revision
        self.frames += 1
        self.last[topic] = frame["data"]
        if topic.startswith("job:"):
            self._follow_progress(topic, frame["data"])

    def _follow_progress(self, topic: str, data: dict[str, Any]) -> None:
        now = (data["generation"], data["processedCount"])
        before = self._progress.get(topic, (0, 0))
        if now < before:
            self.wrong.append(f"{topic} ran backwards from {before} to {now}")
        self._progress[topic] = now


def snapshot(site: Site, topics: set[str]) -> dict[str, Any]:
    """Return what a page that is opened now is told of each topic."""
    found: dict[str, Any] = {}
    with line_to(site) as line:
        for topic in sorted(topics):  # one at a time, for a message has a limit
            line.send(json.dumps({"subscribe": [topic]}))
            frame: dict[str, Any] = {}
            while frame.get("topic") != topic:
                frame = json.loads(line.recv(timeout=5))
            found[topic] = frame.get("data")
            line.send(json.dumps({"unsubscribe": [topic]}))
    return found


def differences(watchers: list[Watcher], fresh: dict[str, Any]) -> list[str]:
    """Return the topics of which a watcher was last told something else than is so."""
    return sorted(
        {
            f"{topic}: {_told(watcher.last.get(topic), data)}"
            for watcher in watchers
            for topic, data in fresh.items()
            if kept(watcher.last.get(topic)) != kept(data)
        }
    )


def _told(last: Any, fresh: Any) -> str:
    if not isinstance(last, dict) or not isinstance(fresh, dict):
        return f"told {last!r}, but it is {fresh!r}"
    names = [name for name in kept(fresh) if last.get(name) != fresh[name]]
    return "; ".join(f"{n} told {last.get(n)!r}, is {fresh[n]!r}"[:300] for n in names)
