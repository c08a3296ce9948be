"""Be many screens, each watching one job: python -m tests.load.screens, told what on its input.

Input: one line of JSON with `ports`, `tokens`, `jobs`, `first`, `count` and, if it matters, how
many may come `at_once`. It prints `ready` when all watch, and at the second line one of JSON: for
each screen its job and the frames it got, as pairs of when and how many items were done.
"""

from __future__ import annotations

import asyncio
import gc
import json
import re
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

DONE = re.compile(r'"processedCount":(\d+)')
AT_ONCE = 100
CONNECT_WITHIN_S = 60


@dataclass
class Screen:
    """One socket: the job it watches, and what came."""

    job: str
    frames: list[tuple[float, int]] = field(default_factory=list)
    is_lost: bool = False

    async def run(self, port: int, token: str, ready: asyncio.Semaphore) -> None:
        """Watch until the socket closes, which it should not."""
        async with connect(
            f"ws://127.0.0.1:{port}/ws/live/",
            additional_headers={"Authorization": f"Token {token}"},
            open_timeout=CONNECT_WITHIN_S,
            compression=None,
            ping_interval=None,
            proxy=None,
        ) as line:
            await line.send(json.dumps({"subscribe": [f"job:{self.job}"]}))
            self._note(await line.recv())
            ready.release()
            try:
                async for text in line:
                    self._note(text)
            except ConnectionClosed:
                self.is_lost = True

    def _note(self, text: Any) -> None:
        if found := DONE.search(str(text)):
            self.frames.append((time.time(), int(found[1])))


async def main() -> None:
    order = json.loads(sys.stdin.readline())
    numbers = range(order["first"], order["first"] + order["count"])
    screens = [Screen(order["jobs"][number % len(order["jobs"])]) for number in numbers]
    ready, door = asyncio.Semaphore(0), asyncio.Semaphore(order.get("at_once", AT_ONCE))

    async def enter(number: int, screen: Screen) -> None:
        port = order["ports"][number % len(order["ports"])]
        token = order["tokens"][number % len(order["tokens"])]
        async with door:
            tasks.append(asyncio.create_task(screen.run(port, token, ready)))
            await ready.acquire()

    tasks: list[asyncio.Task[None]] = []
    await asyncio.gather(*(enter(*each) for each in zip(numbers, screens, strict=True)))
    gc.freeze()
    print("ready", flush=True)  # noqa: T201
    await asyncio.to_thread(sys.stdin.readline)
    found = [{"job": each.job, "frames": each.frames, "lost": each.is_lost} for each in screens]
    for task in tasks:
        task.cancel()
    print(json.dumps(found), flush=True)  # noqa: T201


asyncio.run(main())
