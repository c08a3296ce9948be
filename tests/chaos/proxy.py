"""Stand between two programs on this machine and be as bad a network as is asked for."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from tests.embedded import free_port

Address = tuple[str, int] | Path
AT_ONCE = struct.pack("ii", 1, 0)  # closed so, a peer is reset


class Proxy:
    """Passes on what comes to `port` to one address, a TCP port or a Unix socket.

    While silent it takes connections and bytes and passes nothing on: each side of a line
    that broke in the middle thinks that the other one is slow. While closed it refuses.
    """

    def __init__(self, target: Callable[[], Address]) -> None:
        self.delay_s = 0.0
        self._target = target
        self._taken = 0
        self._lines: dict[int, list[asyncio.StreamWriter]] = {}
        self._loop = asyncio.new_event_loop()
        self._passing = asyncio.Event()
        self._passing.set()
        self._is_closed = False
        self._server: asyncio.Server | None = None
        self.port = free_port()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._do(self._open())

    def close(self) -> None:
        """Refuse everybody from now on, and cut who is there."""
        self._is_closed = True
        self._do(self._shut())
        self.cut(random.Random(0), share=1)

    def silence(self) -> None:
        """Pass nothing on from now on."""
        self._loop.call_soon_threadsafe(self._passing.clear)

    def mend(self) -> None:
        """Pass everything on at once again; what a silence swallowed is cut, as hosts would."""
        was_silent = not self._passing.is_set()
        self.delay_s = 0.0
        if was_silent:
            self.cut(random.Random(0), share=1)
            self._loop.call_soon_threadsafe(self._passing.set)
        if self._is_closed:
            self._is_closed = False
            self._do(self._open())

    def cut(self, chance: random.Random, *, share: float) -> None:
        """Reset a share of the lines in the middle of whatever they say."""
        self._do(self._cut([n for n in sorted(self._lines) if chance.random() < share]))

    def end(self) -> None:
        self.close()
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _open(self) -> None:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, reuse_address=True
        )

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _cut(self, numbers: list[int]) -> None:
        for number in numbers:
            for writer in self._lines.pop(number, []):
                _reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._taken += 1
        number = self._taken
        self._lines[number] = [writer]
        try:
            await self._passing.wait()
            there, back = await _connect(self._target())
            self._lines.setdefault(number, [writer]).append(back)
            await asyncio.gather(self._pass_on(reader, back), self._pass_on(there, writer))
        except OSError:
            _reset(writer)
        finally:
            self._lines.pop(number, None)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                await self._passing.wait()
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()


async def _connect(target: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(target, Path):
        return await asyncio.open_unix_connection(str(target))
    return await asyncio.open_connection(*target)


def _reset(writer: asyncio.StreamWriter) -> None:
    line = writer.get_extra_info("socket")
    if line is not None and line.family != socket.AF_UNIX:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    writer.transport.abort()
