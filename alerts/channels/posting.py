"""Post to a webhook: to an address looked up once, without redirects, within a deadline."""

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext

from alerts.channels.guard import Address, ForbiddenAddress, Target, parse, resolve
from alerts.errors import NotDelivered
from batchops.texts import one_line

DEADLINE_S = 10.0  # for the look-up of the name, connecting, TLS, sending and the answer
LONGEST_WAIT_S = 3600
LONGEST_REASON = 120


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered; its body is not read."""

    status: int
    wait: timedelta | None


class Line:
    """The connection, which the thread that holds the watch may cut, even before it stands."""

    def __init__(self) -> None:
        self.is_cut = False
        self.has_spoken = False
        self._socket: socket.socket | None = None

    def stands(self, connected: socket.socket) -> None:
        """Note the socket that is in use now.

        :raises TimeoutError: when the line was cut meanwhile.
        """
        self._socket = connected
        if self.is_cut:
            raise TimeoutError

    def cut(self) -> None:
        self.is_cut = True
        if self._socket is not None:
            with suppress(OSError, ValueError):
                self._socket.shutdown(socket.SHUT_RDWR)

    @property
    def doubt(self) -> str:
        """What to add to a sentence about a line that ended without an answer."""
        return gettext(" The message may have arrived all the same.") if self.has_spoken else ""


def post(address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Post `body` to an address and return what was answered, within DEADLINE_S for all of it.

    No proxy of the environment is used, and no redirect followed.

    :raises NotDelivered: when there was no answer; the sentence names the host and no more.
    """
    target = _parsed(address)
    line, outcome = Line(), list[Answer | Exception]()
    courier = threading.Thread(
        target=_carry, args=(target, body, dict(headers), line, outcome), daemon=True
    )
    courier.start()
    courier.join(DEADLINE_S)
    if not outcome:
        line.cut()
        said = gettext("%(host)s took longer than %(seconds)g s in all and was cut off.")
        raise NotDelivered(said % {"host": target.netloc, "seconds": DEADLINE_S} + line.doubt)
    if isinstance(outcome[0], Exception):
        raise _not_delivered(outcome[0], target, line) from outcome[0]
    return outcome[0]


def _parsed(address: str) -> Target:
    try:
        return parse(address)
    except ForbiddenAddress as error:
        raise NotDelivered(error.message) from error


def _carry(
    target: Target,
    body: bytes,
    headers: dict[str, str],
    line: Line,
    outcome: list[Answer | Exception],
) -> None:
    try:
        outcome.append(_exchange(target, body, headers, line))
    except Exception as error:  # noqa: BLE001 - it is judged in the caller's thread
        outcome.append(error)


def _exchange(target: Target, body: bytes, headers: dict[str, str], line: Line) -> Answer:
    with (
        closing(_dialled(resolve(target), target.port, line)) as dialled,
        closing(_secured(dialled, target, line)) as connected,
    ):
        if isinstance(connected, ssl.SSLSocket):
            connected.do_handshake()
        connection = http.client.HTTPConnection(target.host, target.port)
        connection.sock = connected
        line.has_spoken = True
        connection.request("POST", target.path, body, {"Host": target.netloc, **headers})
        answer = connection.getresponse()
        return Answer(answer.status, _wait(answer.headers.get("Retry-After", "")))


def _secured(dialled: socket.socket, target: Target, line: Line) -> socket.socket:
    """Return the connection under TLS, its handshake still to be done, where it is to be secure."""
    if not target.is_secure:
        return dialled
    context = ssl.create_default_context()
    secured = context.wrap_socket(
        dialled, server_hostname=target.host, do_handshake_on_connect=False
    )
    line.stands(secured)
    return secured


def _dialled(addresses: list[Address], port: int, line: Line) -> socket.socket:
    """Return a connection to the first of these addresses that takes one; no name is looked up."""
    refusal: OSError = OSError("no address")
    for address in addresses:
        family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
        trying = socket.socket(family, socket.SOCK_STREAM)
        trying.settimeout(DEADLINE_S)
        line.stands(trying)
        try:
            trying.connect((str(address), port))
        except OSError as error:
            trying.close()
            refusal = error
        else:
            return trying
    raise refusal


def _wait(given: str) -> timedelta | None:
    """Return how long a receiver wants to be left alone, where it says so in seconds."""
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        return None
    return timedelta(seconds=min(int(given), LONGEST_WAIT_S))


def _not_delivered(error: Exception, target: Target, line: Line) -> NotDelivered:
    """Put into a sentence why there was no answer."""
    if isinstance(error, ForbiddenAddress):
        return NotDelivered(error.message)
    if isinstance(error, http.client.HTTPException):
        said = gettext("%(host)s answered something that is not HTTP.")
        return NotDelivered(said % {"host": target.netloc} + line.doubt)
    if not isinstance(error, OSError):
        raise error
    why = one_line(error.strerror or type(error).__name__, LONGEST_REASON)
    return NotDelivered(_unreachable(error) % {"host": target.netloc, "why": why} + line.doubt)


def _unreachable(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return gettext("The name %(host)s cannot be looked up (%(why)s). Is it right?")
    if isinstance(error, ssl.SSLCertVerificationError):
        return gettext(
            "The certificate of %(host)s cannot be trusted. Name its authority by SSL_CERT_FILE, "
            "or correct the address."
        )
    if isinstance(error, ssl.SSLError):
        return gettext("%(host)s does not speak TLS as it should (%(why)s).")
    if isinstance(error, TimeoutError):
        return gettext("%(host)s did not answer in time.")
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return gettext("%(host)s closed the line without an answer.")
    return gettext("%(host)s cannot be reached (%(why)s).")
