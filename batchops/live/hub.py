"""Hold all sockets of this process: what changed goes to who watches, if they still may."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Protocol, TypeVar

from django.conf import settings
from django.db import close_old_connections

from batchops.live.callers import Caller, count_as_use, identify, permissions_of
from batchops.live.door import Door, Permissions
from batchops.live.ear import Ear
from batchops.live.feed import Feed, Watcher, read_frame
from batchops.live.listener import Listener
from batchops.live.topics import changed_with, find

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")

TRY_AGAIN_LATER = 1013
READY_WITHIN_S = 3.0
# Reads share the web's connections with the pages, so there are never more than this.
READS_AT_ONCE = 2
# Requests that wait cost a few kilobytes each; past this they are answered at once.
EARS = 500


class Socket(Watcher, Protocol):
    """An open connection, as the hub sees it."""

    caller: Caller

    async def leave(self, code: int) -> None: ...

    async def review(self, permissions: frozenset[str] | None) -> None: ...


class Hub:
    """Route changed topics to sockets and look their rights up again, all of them together."""

    def __init__(self) -> None:
        self._sockets: set[Socket] = set()
        self._feeds: dict[str, Feed] = {}
        self._ears: set[Ear] = set()
        self._dismissed = False
        self._listener = Listener(changed=self._mark, gap=self._mark_all, lost=self._send_away)
        self._reauthorising: asyncio.Task[None] | None = None
        self._readers = ThreadPoolExecutor(READS_AT_ONCE, thread_name_prefix="live-read")
        # Rights must not wait behind slow reads.
        self._porter = ThreadPoolExecutor(1, thread_name_prefix="live-rights")
        self._door = Door(self._permissions_of)

    async def is_ready(self) -> bool:
        """Tell whether changes can be heard, which takes a moment at the first socket."""
        self._listener.start()
        try:
            await asyncio.wait_for(self._listener.connected.wait(), READY_WITHIN_S)
        except TimeoutError:
            return False
        return True

    @contextmanager
    def listen(self) -> Iterator[Ear]:
        """Lend an ear to one request for as long as it lasts."""
        ear = Ear(self._listener.start)
        self._ears.add(ear)
        try:
            yield ear
        finally:
            self._ears.discard(ear)

    def may_wait(self) -> bool:
        """Tell whether a request may be held now: not too many are, and no stop is under way."""
        return len(self._ears) <= EARS and not self._dismissed

    def dismiss(self) -> None:
        """Have every request that waits answered now, because the process stops."""
        self._dismissed = True
        for ear in self._ears:
            ear.hear_all()

    async def ask(self, question: Callable[[], Answer]) -> Answer:
        """Answer a question about rights from the database, off the event loop."""
        return await _in_thread(self._porter, question)

    async def let_in(self, headers: Mapping[str, str]) -> tuple[Caller, Permissions] | None:
        """Return who comes with a handshake and what they may watch; None if they may not."""
        caller = await self.ask(partial(identify, headers))
        permissions = await self._door.permissions_of(caller) if caller else None
        return (caller, permissions) if caller and permissions is not None else None

    def join(self, socket: Socket) -> None:
        self._sockets.add(socket)
        if self._reauthorising is None:
            self._reauthorising = asyncio.create_task(self._reauthorise())

    def is_full_for(self, user_id: int) -> bool:
        """Tell whether somebody has as many sockets here as one may have."""
        held = sum(socket.caller.user_id == user_id for socket in self._sockets)
        limit: int = settings.LIVE_SOCKETS_PER_USER
        return held >= limit

    def count_sockets(self) -> int:
        """Count the sockets that are open in this process."""
        return len(self._sockets)

    def part(self, socket: Socket) -> None:
        """Forget a socket that closed, with all it watched."""
        self._sockets.discard(socket)
        for address in list(self._feeds):
            self.unsubscribe(socket, address)

    def subscribe(self, socket: Socket, address: str) -> None:
        """Send the socket a frame of `address` now and at each change; the topic must exist."""
        if address not in self._feeds:
            found = find(address)
            if found is None:
                raise LookupError(address)
            read = partial(read_frame, address, *found)
            self._feeds[address] = Feed(address, partial(_in_thread, self._readers, read))
        self._feeds[address].add(socket)

    def unsubscribe(self, socket: Socket, address: str) -> None:
        if feed := self._feeds.get(address):
            feed.remove(socket)
            if not feed.watchers:
                del self._feeds[address]

    async def close(self) -> None:
        """End what runs beside the sockets, when the process stops."""
        await self._listener.stop()
        if self._reauthorising is not None:
            self._reauthorising.cancel()
        self._readers.shutdown(cancel_futures=True)
        self._porter.shutdown(cancel_futures=True)

    def _mark(self, address: str) -> None:
        for changed in changed_with(address):
            if feed := self._feeds.get(changed):
                feed.mark()
        for ear in self._ears:
            ear.hear(address)

    def _mark_all(self) -> None:
        for feed in self._feeds.values():
            feed.mark()
        for ear in self._ears:
            ear.hear_all()

    async def _send_away(self) -> None:
        for socket in list(self._sockets):
            await socket.leave(TRY_AGAIN_LATER)

    async def _permissions_of(self, callers: Collection[Caller]) -> Mapping[Caller, Permissions]:
        return await self.ask(partial(permissions_of, list(callers)))

    async def _reauthorise(self) -> None:
        while True:
            await asyncio.sleep(settings.LIVE_REAUTHORISE_INTERVAL.total_seconds())
            try:
                await self._review_all()
            except Exception:
                logger.exception("Rights could not be looked up again; trying again.")

    async def _review_all(self) -> None:
        sockets = list(self._sockets)
        if sockets:
            callers = {socket.caller for socket in sockets}
            allowed = await self._permissions_of(callers)
            for socket in sockets:
                await socket.review(allowed.get(socket.caller))
            await self.ask(partial(count_as_use, allowed))


async def _in_thread(threads: Executor, work: Callable[[], Answer]) -> Answer:
    return await asyncio.get_running_loop().run_in_executor(threads, _with_database, work)


def _with_database(work: Callable[[], Answer]) -> Answer:
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()


HUB = Hub()
