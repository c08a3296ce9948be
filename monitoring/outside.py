"""Tell a monitor outside that CC&B was read, so that our own silence is noticed, too."""

import http.client
import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

# For all of it, the name look-up left out; a monitor that is slower is not waited for.
DEADLINE_S = 10.0

logger = logging.getLogger(__name__)
_one_at_a_time = threading.Lock()


def tell_outside() -> None:
    """Ping the address POLL_HEARTBEAT_URL, if there is one; never wait for it and never raise.

    A GET without redirects. One that still goes on when the next is due takes its place.
    """
    if settings.POLL_HEARTBEAT_URL and _one_at_a_time.acquire(blocking=False):
        threading.Thread(target=_tell, name="outside", daemon=True).start()


def _tell() -> None:
    address = urlsplit(settings.POLL_HEARTBEAT_URL)
    try:
        status = _ping(address)
        if not 200 <= status < 300:
            logger.warning("The monitor outside at %s answered %d.", address.hostname, status)
    except (OSError, http.client.HTTPException, ValueError) as error:
        # Not the address itself, which is often a secret.
        logger.warning("The monitor outside at %s was not reached: %s", address.hostname, error)
    finally:
        _one_at_a_time.release()


def _ping(address: SplitResult) -> int:
    """Return the status of the answer; its body is not read."""
    secure = address.scheme == "https"
    port = address.port or (443 if secure else 80)
    host = address.hostname or ""
    session: socket.socket = socket.create_connection((host, port), timeout=DEADLINE_S)
    if secure:
        context = ssl.create_default_context()
        session = context.wrap_socket(session, server_hostname=host, do_handshake_on_connect=False)
    with closing(session), _cut_off_in_time(session):
        if isinstance(session, ssl.SSLSocket):
            session.do_handshake()
        connection = http.client.HTTPConnection(host, port)
        connection.sock = session
        target = f"{address.path or '/'}{'?' if address.query else ''}{address.query}"
        connection.request("GET", target, headers={"Host": address.netloc.rpartition("@")[2]})
        return connection.getresponse().status


@contextmanager
def _cut_off_in_time(session: socket.socket) -> Iterator[None]:
    """Cut a session off at the deadline, however steadily it drips."""

    def cut() -> None:
        with suppress(OSError):  # it is over already
            session.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(DEADLINE_S, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
