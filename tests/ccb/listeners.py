"""Stand in for an Oracle listener that misbehaves in one way."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Behaviour = Callable[[socket.socket], None]


@contextmanager
def listener(behave: Behaviour) -> Iterator[tuple[int, list[int]]]:
    """Yield the port of a listener and the list of connections it took so far."""
    server = socket.create_server(("127.0.0.1", 0))
    taken: list[int] = []
    held: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                peer, (_, port) = server.accept()
            except OSError:
                return
            taken.append(port)
            held.append(peer)
            try:
                behave(peer)
            except OSError:
                continue

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server.getsockname()[1], taken
    finally:
        server.close()
        for peer in held:
            peer.close()


HTTP = b"HTTP/1.0 400 Bad Request\r\n\r\n" * 20
NOISE = bytes(range(256)) * 8
# A packet type the driver does not expect: oracledb 26.1.0 crashes on it with a segmentation fault.
CRASHER = b"\x00\x00\x00\x10\x06\x00\x00\x00"


def stay_silent(peer: socket.socket) -> None:
    """Accept and never say a word."""


def hang_up(peer: socket.socket) -> None:
    """Read what is asked and close without an answer."""
    peer.recv(4096)
    peer.close()


def cut_midway(peer: socket.socket) -> None:
    """Begin an ACCEPT packet and close before its end."""
    peer.recv(4096)
    peer.sendall(b"\x00\x29\x00\x00\x02\x00\x00\x00\x01\x3f")
    peer.close()


def drip(peer: socket.socket) -> None:
    """Send the first byte of a packet that never ends, and keep the line open."""
    peer.recv(4096)
    peer.sendall(b"\x00")


def answer(data: bytes) -> Behaviour:
    """Return a behaviour that answers whatever is asked with `data`."""

    def behave(peer: socket.socket) -> None:
        peer.recv(4096)
        peer.sendall(data)

    return behave


def answer_and_close(data: bytes) -> Behaviour:
    """Return a behaviour that answers with `data` and closes."""

    def behave(peer: socket.socket) -> None:
        answer(data)(peer)
        peer.close()

    return behave


def refuse(code: int) -> Behaviour:
    """Return a behaviour that answers with a TNS REFUSE packet of that ORA code."""
    text = (
        f"(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR={code})"
        f"(ERROR_STACK=(ERROR=(CODE={code})(EMFI=4))))"
    ).encode()
    body = b"\x22\x00" + len(text).to_bytes(2, "big") + text
    header = (8 + len(body)).to_bytes(2, "big") + b"\x00\x00\x04\x00\x00\x00"
    return answer(header + body)
