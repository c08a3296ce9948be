"""Write to one socket at its own pace, never holding more than the newest frame of each topic."""

import asyncio
from collections.abc import Awaitable, Callable


class Outbox:
    """Send frames one after the other; while one is on its way, newer replaces older."""

    def __init__(self, send: Callable[[str], Awaitable[None]]) -> None:
        self._send = send
        self._frames: dict[str, str] = {}
        self._filled = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    def put(self, address: str, text: str) -> None:
        self._frames[address] = text
        self._filled.set()

    def discard(self, address: str) -> None:
        self._frames.pop(address, None)

    def close(self) -> None:
        self._task.cancel()

    async def _run(self) -> None:
        while await self._filled.wait():
            self._filled.clear()
            while self._frames:
                address = next(iter(self._frames))
                await self._send(self._frames.pop(address))
