"""Hear what commits: one LISTEN connection per process, proven alive, renewed when lost."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

import psycopg
from django.db import connection

from batchops.live.publish import CHANNEL

logger = logging.getLogger(__name__)

# A silent connection is asked for a sign of life this often, and given this long to answer.
PROVE_EVERY_S = 3.0
PROOF_TIMEOUT_S = 3.0
FIRST_RETRY_S = 0.2
LAST_RETRY_S = 5.0
# What screens show grows old meanwhile, so past this they are told.
PATIENCE_S = 5.0


class Listener:
    """Call `changed(address)` for each topic that a commit names.

    Notifications sent while there is no connection are gone, so `gap()` is called after every
    (re)connect: anything may have changed. `lost()` is called when none could be had for a while.
    """

    def __init__(
        self,
        *,
        changed: Callable[[str], None],
        gap: Callable[[], None],
        lost: Callable[[], Awaitable[None]],
    ) -> None:
        self.connected = asyncio.Event()
        self._changed = changed
        self._gap = gap
        self._lost = lost
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen; nothing happens when it does already."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End listening and close the connection."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def _run(self) -> None:
        try:
            await self._listen_for_ever()
        finally:
            self.connected.clear()

    async def _listen_for_ever(self) -> None:
        retry_s, silent_since = FIRST_RETRY_S, monotonic()
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError) as error:
                logger.warning("No live connection to the database: %s", error)
            if self.connected.is_set():
                self.connected.clear()
                retry_s, silent_since = FIRST_RETRY_S, monotonic()
            elif monotonic() - silent_since > PATIENCE_S:
                await self._lost()
            await asyncio.sleep(retry_s * random.uniform(0.5, 1))  # noqa: S311
            retry_s = min(2 * retry_s, LAST_RETRY_S)

    async def _listen(self) -> None:
        async with await psycopg.AsyncConnection.connect(**_parameters()) as listening:
            await listening.execute(f"LISTEN {CHANNEL}")
            self.connected.set()
            self._gap()
            while True:
                async for heard in listening.notifies(timeout=PROVE_EVERY_S):
                    self._changed(heard.payload)
                await asyncio.wait_for(listening.execute("SELECT 1"), PROOF_TIMEOUT_S)


def _parameters() -> dict[str, Any]:
    """Return Django's own connection parameters, without those only its cursors understand."""
    parameters = connection.get_connection_params()
    for ours in ("context", "cursor_factory"):
        parameters.pop(ours, None)
    return {**parameters, "autocommit": True, "application_name": "batchops live"}
