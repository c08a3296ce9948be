"""Keep bodies small and slow readers harmless, where Daphne meets the network."""

import asyncio
import json
from io import BytesIO
from typing import IO, Any

from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet import reactor

MAX_BODY_BYTES = 16 * 1024 * 1024
# How long a refused body is read and thrown away: cutting the line would cut off the answer.
DISCARD_REFUSED_BODY_S = 5

REFUSAL = json.dumps(
    {
        "success": False,
        "message": (
            f"The request's body is larger than {MAX_BODY_BYTES // 1024 // 1024} MB. "
            "Send less at once; larger files go up in parts."
        ),
        "error": "body_too_large",
        "limitBytes": MAX_BODY_BYTES,
    }
).encode()
REFUSAL_HEAD = (
    "HTTP/1.1 413 Content Too Large\r\n"
    "Content-Type: application/json\r\n"
    f"Content-Length: {len(REFUSAL)}\r\n"
    "Cache-Control: no-store\r\n"
    "Connection: close\r\n\r\n"
).encode()


class LimitedRequest(WebRequest):
    """Refuse a body over the limit before it fills disk or memory.

    Daphne itself stores any body whole before a view or middleware sees the request.
    """

    received_bytes = 0
    refused = False
    content: IO[bytes]

    def gotLength(self, length: int | None) -> None:  # noqa: N802
        if length is not None and length > MAX_BODY_BYTES:
            super().gotLength(0)
            self._refuse()
        else:
            super().gotLength(length)

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        self.received_bytes += len(data)
        if not self.refused and self.received_bytes > MAX_BODY_BYTES:
            self._refuse()
        if not self.refused:
            super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802
        if self.refused:
            self.channel.loseConnection()
        else:
            super().requestReceived(command, path, version)

    def process(self) -> Any:
        self._trust_nearest_proxy_only()
        return super().process()

    def _trust_nearest_proxy_only(self) -> None:
        # A proxy appends the address it saw; what stands before that, the caller wrote himself,
        # and Daphne would take the first.
        if forwarded := self.requestHeaders.getRawHeaders(b"X-Forwarded-For"):
            nearest = forwarded[-1].rsplit(b",", 1)[-1].strip()
            self.requestHeaders.setRawHeaders(b"X-Forwarded-For", [nearest])

    def _refuse(self) -> None:
        self.refused = True
        self.content.close()
        self.content = BytesIO()
        self.requestHeaders.removeHeader(b"Expect")
        self.channel.transport.write(REFUSAL_HEAD + REFUSAL)
        reactor.callLater(DISCARD_REFUSED_BODY_S, self.channel.transport.abortConnection)


class LimitedFactory(HTTPFactory):
    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = LimitedRequest
        return protocol


class PacedSocket(WebSocketProtocol):
    """A WebSocket that makes its sender wait while the peer does not read.

    Without it everything sent to such a peer is kept in memory. While it does not read it is not
    read from either, so it cannot answer the pings and is dropped after `LIVE_SILENCE`.
    """

    def onConnect(self, request: Any) -> Any:  # noqa: N802
        self.writable = asyncio.Event()
        self.writable.set()
        return super().onConnect(request)

    def onOpen(self) -> None:  # noqa: N802
        # The HTTP channel that the connection began with still stands here as its producer.
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, True)  # noqa: FBT003
        super().onOpen()

    def serverClose(self, code: int | None = None) -> None:  # noqa: N802
        # The way Daphne goes refuses the server's own codes, such as 1012, come back later.
        if self.state == self.STATE_OPEN:
            self.sendCloseFrame(code=code or 1000)

    def pauseProducing(self) -> None:  # noqa: N802
        self.writable.clear()
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:  # noqa: N802
        self.writable.set()
        self.transport.resumeProducing()

    def stopProducing(self) -> None:  # noqa: N802
        self.writable.set()


class PacedFactory(WebSocketFactory):
    protocol = PacedSocket
