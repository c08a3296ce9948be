"""Read one changed topic once, however many watch it, and hand all of them the same text."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from batchops.db import reading_snapshot
from batchops.live.topics import Topic

logger = logging.getLogger(__name__)

READ_AGAIN_AFTER_S = 2.0


class Watcher(Protocol):
    """Someone who wants every frame of a topic."""

    def offer(self, address: str, text: str) -> None: ...

    def lose(self, address: str) -> None: ...


class Feed:
    """One watched address: the first change is read at once, what follows is gathered.

    Whoever joins gets a frame of their own even when nothing changes. A read that fails is tried
    again until it succeeds, so the last state always arrives.
    """

    def __init__(self, address: str, read: Callable[[], Awaitable[str | None]]) -> None:
        self.address = address
        self.watchers: set[Watcher] = set()
        self._read = read
        self._newcomers: set[Watcher] = set()
        self._changed = False
        self._task: asyncio.Task[None] | None = None

    def add(self, watcher: Watcher) -> None:
        self.watchers.add(watcher)
        self._newcomers.add(watcher)
        self._wake()

    def remove(self, watcher: Watcher) -> None:
        self.watchers.discard(watcher)
        self._newcomers.discard(watcher)

    def mark(self) -> None:
        """Note that the topic changed, or may have."""
        self._changed = True
        self._wake()

    def _wake(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            while self.watchers and (self._changed or self._newcomers):
                pause_s = await self._flush()
                await asyncio.sleep(pause_s)
        finally:
            self._task = None

    async def _flush(self) -> float:
        """Read and hand out once; return how many seconds to gather before the next time."""
        everybody, newcomers = self._changed, self._newcomers
        # Set before the read: a change that commits while it runs asks for another one.
        self._changed, self._newcomers = False, set()
        try:
            text = await self._read()
        except Exception:
            logger.exception("The topic '%s' cannot be read; trying again.", self.address)
            self._changed = True
            return READ_AGAIN_AFTER_S
        self._hand_out(text, self.watchers if everybody else newcomers & self.watchers)
        return float(settings.LIVE_GATHER.total_seconds())

    def _hand_out(self, text: str | None, watchers: set[Watcher]) -> None:
        for watcher in list(watchers):
            if text is None:
                watcher.lose(self.address)
            else:
                watcher.offer(self.address, text)


def read_frame(address: str, topic: Topic, key: str) -> str | None:
    """Return the topic's frame as it is sent, None when nothing has that key."""
    with reading_snapshot() as revision:
        at = timezone.now()
        data = topic.read(key)
    if data is None:
        return None
    frame = {"topic": address, "revision": revision, "at": at, "data": data}
    return json.dumps(frame, cls=DjangoJSONEncoder, separators=(",", ":"), allow_nan=False)
