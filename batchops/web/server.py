"""Serve the console: Daphne inside this process, with limits and a stop of our own."""

import asyncio
import gc
import logging
from typing import Any, cast

from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server, twisted_loop
from daphne.ws_protocol import WebSocketProtocol
from django.conf import settings
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString
from twisted.logger import STDLibLogObserver, globalLogBeginner

from batchops.errors import Unavailable
from batchops.live.hub import HUB
from batchops.web.presence import Presence
from batchops.web.wire import LimitedFactory, LimitedRequest, PacedFactory, PacedSocket

logger = logging.getLogger(__name__)

# A thousand browsers that come back at once need this long; Daphne's own 5 s fail half of them.
CONNECT_TIMEOUT_S = 60
# Who is sent away has so long to take in why. The library's own 1 s, after which it cuts the line
# and loses what stands in it, is too short for a slow phone; a stop waits for nobody longer.
CLOSE_TIMEOUT_S = 3
# The protocol allows 4 KB (batchops.live.consumers); this bounds what is read before that is seen.
MAX_MESSAGE_BYTES = 64 * 1024
# Requests under way when the stop is asked for may take this long to end.
STOP_GRACE_S = 4
SERVICE_RESTART = 1012
# Who waits for a page gives up before that; and eight slow questions must not hold up everybody.
# An export is sent at its reader's pace, who may take nothing for a minute (batchops.web.wire): so
# long the database has to wait for us before it believes that this machine is gone.
PAGE_LIMITS = "-c lock_timeout=4000 -c statement_timeout=5000 -c tcp_user_timeout=75000"


def serve(*, host: str, port: int) -> None:
    """Serve HTTP and WebSockets until SIGTERM or Ctrl-C.

    :raises Unavailable: when the address cannot be had, with what to do.
    """
    use_pool()
    server = ConsoleServer(**_options(host=host, port=port))
    presence = Presence()
    presence.start()
    # What is loaded by now stays; a collection that walks it all holds every page up for long.
    gc.collect()
    gc.freeze()
    server.run()
    presence.end()
    cast(DatabaseWrapper, connections["default"]).close_pool()
    if server.refusal is not None:
        cause = getattr(server.refusal, "socketError", server.refusal)
        raise Unavailable(
            f"Cannot listen on {host}, port {port}: {getattr(cause, 'strerror', None) or cause}. "
            "Stop the program that uses it, or choose another port with --port."
        )


def use_pool() -> None:
    """Let every thread of this process share one pool of connections.

    Only for a process that never forks: a pool carried over a fork breaks both sides.
    """
    options = connections.settings["default"]
    options["CONN_MAX_AGE"] = 0
    given = options["OPTIONS"]
    # Of two, the last one counts.
    limits = f"{given.get('options', '')} {PAGE_LIMITS}"
    options["OPTIONS"] = {**given, "options": limits, "pool": settings.DATABASE_POOL}


def _options(*, host: str, port: int) -> dict[str, Any]:
    from batchops.web.asgi import application

    silence_s = settings.LIVE_SILENCE.total_seconds()
    forwarded = settings.BATCHOPS_HTTPS
    return {
        "application": application,
        "endpoints": build_endpoint_description_strings(host=host, port=port),
        "websocket_timeout": -1,
        "websocket_connect_timeout": CONNECT_TIMEOUT_S,
        "websocket_handshake_timeout": CONNECT_TIMEOUT_S,
        "websocket_max_message_size": MAX_MESSAGE_BYTES,
        "websocket_max_frame_size": MAX_MESSAGE_BYTES,
        "ping_interval": silence_s * 0.5,
        "ping_timeout": silence_s * 0.4,
        "proxy_forwarded_address_header": "X-Forwarded-For" if forwarded else None,
        "proxy_forwarded_port_header": "X-Forwarded-Port" if forwarded else None,
        "proxy_forwarded_proto_header": "X-Forwarded-Proto" if forwarded else None,
        "server_name": "",
    }


class ConsoleServer(Server):
    """Daphne with a limit for bodies, patience for slow readers and a stop within seconds."""

    refusal: BaseException | None = None

    def run(self) -> None:
        self.connections: dict[Any, dict[str, Any]] = {}
        self.http_factory = LimitedFactory(self)
        self.ws_factory = self._socket_factory()
        logging.getLogger("twisted").setLevel(logging.WARNING)
        globalLogBeginner.beginLoggingTo([STDLibLogObserver()], redirectStandardIO=False)
        asyncio.set_event_loop(twisted_loop)
        reactor.callLater(1, self.application_checker)
        reactor.callLater(2, self.timeout_checker)
        reactor.addSystemEventTrigger("before", "shutdown", self.kill_all_applications)
        for description in self.endpoints:
            listening = serverFromString(reactor, description).listen(self.http_factory)
            listening.addCallbacks(self.listen_success, self.listen_error)
        if not self.abort_start:
            reactor.run(installSignalHandlers=True)

    def _socket_factory(self) -> PacedFactory:
        factory = PacedFactory(self, server=self.server_name)
        factory.setProtocolOptions(
            autoPingTimeout=self.ping_timeout,
            allowNullOrigin=True,
            openHandshakeTimeout=self.websocket_handshake_timeout,
            closeHandshakeTimeout=CLOSE_TIMEOUT_S,
            maxMessagePayloadSize=self.websocket_max_message_size,
            maxFramePayloadSize=self.websocket_max_frame_size,
        )
        return factory

    def listen_success(self, port: Any) -> None:
        self.listeners.append(port)
        super().listen_success(port)

    def listen_error(self, failure: Any) -> None:
        self.refusal = failure.value
        self.stop()

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        if isinstance(protocol, PacedSocket) and message["type"] == "websocket.send":
            await protocol.writable.wait()
        if isinstance(protocol, LimitedRequest) and message.get("more_body"):
            await protocol.wait_for_reader()
        await super().handle_reply(protocol, message)

    def kill_all_applications(self) -> "Deferred[None]":
        return Deferred.fromFuture(asyncio.ensure_future(self._wind_down()))

    async def _wind_down(self) -> None:
        """Take nobody new, send the sockets away to come back, let requests under way end."""
        HUB.dismiss()
        for port in self.listeners:
            port.stopListening()
        for protocol in list(self.connections):
            if isinstance(protocol, WebSocketProtocol):
                protocol.serverClose(code=SERVICE_RESTART)
        running = [
            details["application_instance"]
            for details in self.connections.values()
            if "application_instance" in details
        ]
        if running:
            _, late = await asyncio.wait(running, timeout=STOP_GRACE_S)
            for application in late:
                application.cancel()
        await HUB.close()
        logger.info("The web server has stopped.")
