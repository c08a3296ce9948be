"""Hold requests that wait for a change, with no thread and no database connection meanwhile.

A view that has nothing to say yet calls `wait_for` and answers what there is. That answer is
kept back; when the topic changes the view is asked again, as by a new request, until it no longer
wants to wait or its time is over. Then its last answer goes out. Where nobody holds requests, as
in tests without a server, the first answer does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

from django.http import HttpRequest

from batchops.live.ear import Ear
from batchops.live.hub import HUB

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

KEY = "batchops.patience"
# What is larger is not kept to be asked again; no view that waits takes as much.
MAX_BODY_BYTES = 64 * 1024
# Some things come without a notification, such as the moment at which an item may be tried again.
LOOK_AGAIN_S = 5.0
# The first change is answered at once; of many, each costs all who wait a look.
PAUSES_S = (0.0, 0.25, 0.5, 1.0)


@dataclass(slots=True)
class Patience:
    """What a view wants of who holds its request; `asked` counts from 1."""

    asked: int = 0
    topic: str = ""
    seconds: float = 0.0
    seen: Any = None


def asked(request: HttpRequest) -> int:
    """Return how often the view has been asked by this request; 1 the first time."""
    patience = _patience(request)
    return patience.asked if patience else 1


def wait_for(request: HttpRequest, topic: str, seconds: float) -> None:
    """Ask the view again when `topic` changes, for `seconds` from the first time it was asked."""
    if patience := _patience(request):
        patience.topic, patience.seconds = topic, seconds


def seen_first(request: HttpRequest, now: Any) -> Any:
    """Return what `now` was when this request first asked, to see whether it changed since."""
    patience = _patience(request)
    if patience is None:
        return now
    if patience.asked == 1:
        patience.seen = now
    return patience.seen


def _patience(request: HttpRequest) -> Patience | None:
    scope: Scope = getattr(request, "scope", None) or {}
    return scope.get(KEY)


class PatientApplication:
    """Serve HTTP, and let views wait."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST" or not _is_small(scope):
            await self._application(scope, receive, send)
            return
        with HUB.listen() as ear:
            await _Visit(self._application, scope, receive, send).run(ear)


def _is_small(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    if b"transfer-encoding" in headers:
        return False
    length = headers.get(b"content-length", b"0")
    return length.isdigit() and len(length) < 8 and int(length) <= MAX_BODY_BYTES


class _Visit:
    def __init__(
        self,
        application: Application,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        self._application = application
        self._patience = Patience()
        self._scope = {**scope, KEY: self._patience}
        self._receive, self._send = receive, send
        self._began_at = monotonic()
        self._gone = False

    async def run(self, ear: Ear) -> None:
        body = await self._read()
        while await self._ask(body) and not self._gone:
            await self._wait(ear)

    async def _read(self) -> list[Message]:
        messages = [await self._receive()]
        while messages[-1].get("more_body"):
            messages.append(await self._receive())
        return messages

    async def _ask(self, body: list[Message]) -> bool:
        """Ask the view; return whether its answer was kept back because it wants to wait."""
        self._patience.topic = ""
        self._patience.asked += 1
        may_wait = not self._is_over()
        kept = False
        messages = iter(body)

        async def receive() -> Message:
            message = next(messages, None) or await self._receive()
            self._gone = self._gone or message["type"] == "http.disconnect"
            return message

        async def send(message: Message) -> None:
            nonlocal kept
            if message["type"] == "http.response.start":
                kept = may_wait and bool(self._patience.topic) and HUB.may_wait()
            if not kept:
                await self._send(message)

        await self._application({**self._scope}, receive, send)
        return kept

    def _is_over(self) -> bool:
        return self._patience.asked > 1 and self._left_s() <= 0

    def _left_s(self) -> float:
        return self._patience.seconds - (monotonic() - self._began_at)

    async def _wait(self, ear: Ear) -> None:
        """Return when the topic changed, the time is over or the caller has left."""
        pause_s = PAUSES_S[min(self._patience.asked, len(PAUSES_S)) - 1]
        await asyncio.sleep(min(pause_s, max(0.0, self._left_s())))
        changed = asyncio.ensure_future(ear.heard(self._patience.topic))
        left = asyncio.ensure_future(self._receive())
        limit_s = max(0.0, min(LOOK_AGAIN_S, self._left_s()))
        try:
            await asyncio.wait(
                {changed, left}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            self._gone = self._gone or left.done()
            changed.cancel()
            left.cancel()
