"""Speak the live protocol of docs/api.md with one client."""

import json
import re
from collections import deque
from time import monotonic
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils import timezone

from batchops.live.callers import Caller
from batchops.live.hub import HUB, TRY_AGAIN_LATER
from batchops.live.origin import is_welcome
from batchops.live.outbox import Outbox
from batchops.live.topics import find

BAD_MESSAGE = 4400
NOT_LOGGED_IN = 4401
RIGHT_LOST = 4403
TOO_MANY = 4429

MAX_TOPICS = 50
MAX_MESSAGE_BYTES = 4096
MAX_MESSAGES, WINDOW_S = 100, 10.0
MAX_PING = 2**53
ADDRESS = re.compile(r"[a-z][a-z-]{0,39}(:[A-Za-z0-9_.-]{1,80})?")


class Misuse(Exception):
    """Refuse a message that the protocol does not know; the socket closes with 4400."""


class LiveConsumer(AsyncWebsocketConsumer):
    """One client: what it watches, what it may watch, and what is on its way to it."""

    caller: Caller
    outbox: Outbox | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._topics: dict[str, str] = {}
        self._permissions: frozenset[str] = frozenset()
        self._arrivals: deque[float] = deque(maxlen=MAX_MESSAGES)

    # Lifecycle

    async def dispatch(self, message: Any) -> None:
        # Channels' own visits a database thread for every message, and would wait there with a
        # ping while the database is away. Nothing here touches the database on the event loop.
        await getattr(self, message["type"].replace(".", "_"))(message)

    async def connect(self) -> None:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in self.scope["headers"]
        }
        if not is_welcome(headers):
            await self.close()
            return
        # Only an accepted socket can carry a code that tells the browser why it was closed.
        await self.accept()
        if not await HUB.is_ready():
            await self.close(TRY_AGAIN_LATER)
        elif found := await HUB.let_in(headers):
            await self._come_in(*found)
        else:
            await self.close(NOT_LOGGED_IN)

    async def disconnect(self, code: int) -> None:
        self._part()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.outbox is None:
            return
        try:
            await self._answer(self._understand(text_data))
        except Misuse as misuse:
            await self.send(json.dumps({"error": "bad_message", "message": str(misuse)}))
            await self.leave(BAD_MESSAGE)

    # What the hub asks of a socket

    def offer(self, address: str, text: str) -> None:
        if self.outbox is not None:
            self.outbox.put(address, text)

    def lose(self, address: str) -> None:
        self._drop_topic(address)
        self.offer(address, _refusal(address, "unknown"))

    async def review(self, permissions: frozenset[str] | None) -> None:
        """Take what the caller may watch now; close when that is less than what they watch."""
        if permissions is None or not set(self._topics.values()) <= permissions:
            await self.leave(RIGHT_LOST)
        else:
            self._permissions = permissions

    async def leave(self, code: int) -> None:
        if self.outbox is not None:
            self._part()
            await self.close(code)

    # Private

    async def _come_in(self, caller: Caller, permissions: frozenset[str]) -> None:
        if HUB.is_full_for(caller.user_id):
            await self.close(TOO_MANY)
            return
        self.caller, self._permissions = caller, permissions
        self.outbox = Outbox(self.send)
        HUB.join(self)

    def _understand(self, text: str | None) -> dict[str, Any]:
        self._count_arrival()
        if text is None:
            raise Misuse("Send text, not bytes.")
        if len(text.encode()) > MAX_MESSAGE_BYTES:
            raise Misuse(f"A message may have {MAX_MESSAGE_BYTES} bytes; send several.")
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            raise Misuse("This is not JSON.") from None
        if not isinstance(message, dict) or not message.keys() & {
            "subscribe",
            "unsubscribe",
            "ping",
        }:
            raise Misuse("Send an object with 'subscribe', 'unsubscribe' or 'ping'.")
        return message

    def _count_arrival(self) -> None:
        now = monotonic()
        if len(self._arrivals) == MAX_MESSAGES and now - self._arrivals[0] < WINDOW_S:
            raise Misuse(f"More than {MAX_MESSAGES} messages in {WINDOW_S:.0f} s; send fewer.")
        self._arrivals.append(now)

    async def _answer(self, message: dict[str, Any]) -> None:
        for address in _addresses(message, "unsubscribe"):
            self._drop_topic(address)
        wanted = _addresses(message, "subscribe")
        if len(self._topics.keys() | set(wanted)) > MAX_TOPICS:
            raise Misuse(f"A socket may watch {MAX_TOPICS} topics; unsubscribe some first.")
        for address in wanted:
            await self._subscribe(address)
        if "ping" in message:
            await self._pong(message["ping"])

    async def _subscribe(self, address: str) -> None:
        found = find(address) if ADDRESS.fullmatch(address) else None
        if found is None:
            await self.send(_refusal(address, "unknown"))
        elif found[0].permission not in self._permissions:
            await self.send(_refusal(address, "forbidden"))
        else:
            self._topics[address] = found[0].permission
            HUB.subscribe(self, address)

    async def _pong(self, number: Any) -> None:
        if type(number) is not int or abs(number) > MAX_PING:
            raise Misuse("'ping' takes a whole number; the pong carries it back.")
        await self.send(json.dumps({"pong": number, "at": timezone.now().isoformat()}))

    def _drop_topic(self, address: str) -> None:
        if self._topics.pop(address, None):
            HUB.unsubscribe(self, address)
            if self.outbox is not None:
                self.outbox.discard(address)

    def _part(self) -> None:
        if self.outbox is not None:
            HUB.part(self)
            self.outbox.close()
            self.outbox = None


def _addresses(message: dict[str, Any], verb: str) -> list[str]:
    addresses = message.get(verb, [])
    if not isinstance(addresses, list) or not all(isinstance(each, str) for each in addresses):
        raise Misuse(f"'{verb}' takes a list of topics, such as [\"jobs\"].")
    return addresses


def _refusal(address: str, error: str) -> str:
    return json.dumps({"topic": address, "error": error})
