"""Hear, for one request that waits, whether a topic changed since the request began."""

import asyncio
from collections.abc import Callable


class Ear:
    """Remember what changed, so that nothing is missed between looking and waiting."""

    def __init__(self, start_listening: Callable[[], None]) -> None:
        self._start_listening = start_listening
        self._changed = asyncio.Event()
        self._heard: set[str] = set()
        self._wanted = ""

    def hear(self, address: str) -> None:
        """Take note that a topic changed."""
        if not self._wanted:
            self._heard.add(address)
        elif address == self._wanted:
            self._changed.set()

    def hear_all(self) -> None:
        """Take note that anything may have changed."""
        self._changed.set()

    async def heard(self, address: str) -> None:
        """Return when the topic has changed since this was last asked, or since the beginning."""
        self._start_listening()
        self._wanted = address
        try:
            if address not in self._heard:
                await self._changed.wait()
        finally:
            self._wanted = ""
            self._heard.clear()
            self._changed.clear()
