"""Make the bytes of an answer in a thread of their own, as fast as the reader takes them."""

import asyncio
import threading
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import closing
from queue import SimpleQueue
from typing import Self

CLOSED_WITHIN_S = 5
Wanted = Future[bytes | None]


class Body:
    """The bytes of a streaming answer, made one block at a time, each when it is wanted.

    The thread ends, and with it whatever `blocks` holds, when it is read out, fails, is closed or
    is forgotten, as an answer is whose caller left before it began.
    """

    def __init__(self, blocks: Generator[bytes, None, None]) -> None:
        # Its put() takes no lock, so that the garbage collector may call it at any moment.
        self._wanted: SimpleQueue[Wanted | None] = SimpleQueue()
        self._first: bytes | None = None
        self._ended = False
        self._thread = threading.Thread(
            target=_make, args=(blocks, self._wanted), name="streamed", daemon=True
        )
        self._thread.start()

    def begin(self) -> None:
        """Make the first block, so that what goes wrong by then becomes a proper answer."""
        self._first = self._order().result()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        block, self._first = self._first, None
        if block is None and not self._ended:
            block = await asyncio.wrap_future(self._order())
        if block is None:
            self._end()
            raise StopAsyncIteration
        return block

    def close(self) -> None:
        """Let go of everything and wait for that a moment, as long as a block takes to be made."""
        self._end()
        self._thread.join(CLOSED_WITHIN_S)

    def __del__(self) -> None:
        self._end()

    def _end(self) -> None:
        self._ended = True
        self._wanted.put(None)

    def _order(self) -> Wanted:
        wanted: Wanted = Future()
        self._wanted.put(wanted)
        return wanted


def _make(blocks: Generator[bytes, None, None], orders: "SimpleQueue[Wanted | None]") -> None:
    with closing(blocks):
        while (wanted := orders.get()) is not None:
            if not wanted.set_running_or_notify_cancel():
                return
            try:
                wanted.set_result(next(blocks, None))
            except BaseException as error:  # noqa: BLE001 (it is the reader's to see)
                wanted.set_exception(error)
                return
