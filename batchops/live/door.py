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
        self._waiting: dict[Caller, asyncio.Future[Permissions | None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def permissions_of(self, caller: Caller) -> Permissions | None:
        """Return what the caller may watch, None for one who may not come in.

        :raises Exception: what the lookup raised.
        """
        if caller not in self._waiting:
            self._waiting[caller] = asyncio.get_running_loop().create_future()
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        # One who leaves while waiting must not take the answer from the others.
        return await asyncio.shield(self._waiting[caller])

    async def _run(self) -> None:
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, {}
                await self._answer(waiting)
        finally:
            self._task = None

    async def _answer(self, waiting: Mapping[Caller, asyncio.Future[Permissions | None]]) -> None:
        try:
            found = await self._look_up(waiting.keys())
        except Exception as error:  # noqa: BLE001 (each who waits is told)
            for answer in waiting.values():
                answer.set_exception(error)
        else:
            for caller, answer in waiting.items():
                answer.set_result(found.get(caller))
