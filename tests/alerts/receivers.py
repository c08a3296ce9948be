"""Receivers of webhooks on loopback that behave as badly as they are told to."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from alerts.lifecycle import keep_address, make_signing_secret
from alerts.models import Channel
from batchops.db import database_now

CANARY = "canary-2718281828"  # a secret part of each address, which must be found nowhere

RECEIVERS_WAIT_S = 20  # for which one that hangs holds the line


@dataclass(frozen=True)
class Received:
    """One message as it came."""

    path: str
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Receiver(ThreadingHTTPServer):
    """What arrived, and how it answers."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.context = context
        self.got: list[Received] = []
        self.behave: Callable[[Handler], None] = answering(204)
        self.ended = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: whoever asks cuts lines on purpose."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hooks/{CANARY}?key={CANARY}"


class Handler(BaseHTTPRequestHandler):
    """Takes a message down and lets the receiver behave; also as a proxy that ends TLS itself."""

    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.got.append(Received(self.path, self.headers, body))
        self.server.behave(self)
        self.close_connection = True

    def do_CONNECT(self) -> None:
        assert self.server.context
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
        self.setup_streams()
        self.handle_one_request()
        self.close_connection = True

    def setup_streams(self) -> None:
        self.rfile = self.connection.makefile("rb", -1)
        self.wfile = self.connection.makefile("wb", 0)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


def answering(status: int, body: bytes = b"", **headers: str) -> Callable[[Handler], None]:
    def answer(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def hanging(handler: Handler) -> None:
    handler.server.ended.wait(RECEIVERS_WAIT_S)


def dripping(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200")
    while not handler.server.ended.wait(0.02):
        handler.wfile.write(b" ")


def heading_without_end(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not handler.server.ended.wait(0.001):
        handler.wfile.write(b"X-More: and more\r\n")


def continuing_without_end(handler: Handler) -> None:
    while not handler.server.ended.wait(0.001):
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def bodied_without_end(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while not handler.server.ended.is_set():
        handler.wfile.write(b"x" * 65536)


@contextmanager
def receiving(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver on loopback; with a context it is a proxy that ends TLS itself."""
    receiver = Receiver(context)
    threading.Thread(target=receiver.serve_forever, args=[0.01], daemon=True).start()
    try:
        yield receiver
    finally:
        receiver.ended.set()
        receiver.shutdown()
        receiver.server_close()


def webhook(receiver: Receiver, name: str = "Hook", **values: Any) -> tuple[Channel, str]:
    """Make a webhook to a receiver; return it with its secret."""
    channel = Channel.objects.create(kind="webhook", name=name, **values)
    now = database_now()
    place = f"127.0.0.1:{receiver.server_port}"
    keep_address(channel.pk, address=receiver.address, place=place, at=now)
    secret = make_signing_secret(channel.pk, at=now)
    channel.refresh_from_db()
    return channel, secret
