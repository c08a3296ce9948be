"""A real SMTP server on loopback that behaves as badly as it is told to."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from tests.embedded import free_port


class Mailbox:
    """What arrived, and how the server answers; the hooks are aiosmtpd's."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.envelopes: list[list[str]] = []
        self.refused: dict[str, str] = {}
        self.answer = "250 OK"
        self.pause_s = 0.0
        self.drops = False
        self.on_arrival: Callable[[], None] = lambda: None
        self.on_greeting: Callable[[], None] = lambda: None

    async def handle_EHLO(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.on_greeting()
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        await asyncio.sleep(self.pause_s)
        if self.answer.startswith("250"):
            parsed = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(parsed, EmailMessage)
            self.mails.append(parsed)
            self.envelopes.append(list(envelope.rcpt_tos))
        self.on_arrival()
        if self.drops:
            server.transport.abort()
        return self.answer

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]


@contextmanager
def serving(mailbox: Mailbox) -> Iterator[int]:
    """Run a server for `mailbox` and yield its port."""
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@contextmanager
def dripping(every_s: float = 0.05) -> Iterator[int]:
    """Run a server that greets byte by byte and never comes to the end of the line."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def drip() -> None:
        peer, _ = listener.accept()
        with peer:
            peer.sendall(b"220 ")
            while not ended.wait(every_s):
                try:
                    peer.sendall(b".")
                except OSError:
                    return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        ended.set()
        listener.close()
        thread.join(timeout=2)


@contextmanager
def silent() -> Iterator[int]:
    """Run a server that takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def killing(pid: Any) -> Callable[[], None]:
    """Return a hook that kills the process whose id stands in `pid`, the first time only."""

    def kill() -> None:
        if pid.value:
            os.kill(pid.value, signal.SIGKILL)
            pid.value = 0

    return kill
