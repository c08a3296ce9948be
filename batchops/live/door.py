"""Look up together what those who come at the same time may watch."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping

from batchops.live.callers import Caller

Permissions = frozenset[str]
LookUp = Callable[[Collection[Caller]], Awaitable[Mapping[Caller, Permissions]]]


class Door:
    """Ask once for all who wait: a thousand browsers that come back together cost a few questions.

    Who comes while one is being answered waits for the next, so no answer is older than the
    question.
    """

    def __init__(self, look_up: LookUp) -> None:
        self._look_up = look_up
        self._one_at_a_time = asyncio.Lock()
        self._waiting: set[Caller] = set()
        self._next: asyncio.Task[Mapping[Caller, Permissions]] | None = None

    async def permissions_of(self, caller: Caller) -> Permissions | None:
        """Return what the caller may watch, None for one who may not come in.

        :raises Exception: what the lookup raised.
        """
        self._waiting.add(caller)
        if self._next is None:
            self._next = asyncio.create_task(self._answer())
        # One who leaves while waiting must not take the answer from the others.
        return (await asyncio.shield(self._next)).get(caller)

    async def _answer(self) -> Mapping[Caller, Permissions]:
        async with self._one_at_a_time:
            waiting, self._waiting, self._next = self._waiting, set(), None
            return await self._look_up(waiting)
