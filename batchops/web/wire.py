"""Keep bodies small and slow readers harmless, where Daphne meets the network."""

import asyncio
import json
from io import BytesIO
from typing import IO, Any

from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet import reactor

MAX_BODY_BYTES = 16 * 1024 * 1024
# A reader who takes nothing of an answer for so long is cut off, and what the answer holds freed.
STALLED_AFTER_S = 60
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
    """Refuse a body over the limit before it fills disk or memory, and send at the reader's pace.

    Daphne itself stores any body whole before a view or middleware sees the request, and keeps
    in memory whatever of an answer its reader has not taken yet. And Twisted would read forms
    before anybody looks who asks, on the thread that serves everyone: multiparts within multiparts
    kept it for minutes. Django reads them itself, where they are wanted.
    """

    received_bytes = 0
    refused = False
    content: IO[bytes]
    writable: asyncio.Event | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, parsePOSTFormSubmission=False, **kwargs)

    async def wait_for_reader(self) -> None:
        """Return when the reader took most of what was sent; cut off one who takes nothing."""
        if self.channel is None:
            return
        if self.writable is None:
            self.writable = asyncio.Event()
            self.writable.set()
            self.registerProducer(self, True)  # noqa: FBT003
        try:
            await asyncio.wait_for(self.writable.wait(), STALLED_AFTER_S)
        except TimeoutError:
            self.cut_off()

    def cut_off(self) -> None:
        """Break the connection, so that the reader knows that the answer is not whole."""
        if self.channel is not None:
            self.channel.transport.abortConnection()

    def finish(self) -> None:
        if self.writable is not None:
            self.unregisterProducer()
        super().finish()

    def handle_reply(self, message: dict[str, Any]) -> None:
        if self.method == b"HEAD" and "body" in message:
            # Daphne leaves out the first piece of the body only.
            message = {**message, "body": b""}
        super().handle_reply(message)

    def handle_exception(self, exception: BaseException) -> None:
        if self._response_started:
            self.cut_off()
        else:
            super().handle_exception(exception)

    def pauseProducing(self) -> None:  # noqa: N802
        if self.writable is not None:
            self.writable.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        if self.writable is not None:
            self.writable.set()

    def stopProducing(self) -> None:  # noqa: N802
        self.resumeProducing()

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

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:  # noqa: FBT001, N802, N803
        # A handshake that could not be read ends before Daphne knows of the connection.
        if hasattr(self, "server"):
            super().onClose(wasClean, code, reason)

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
