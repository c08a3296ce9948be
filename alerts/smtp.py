"""Hand one mail to the mail server through Django's SMTP, within a deadline for the whole."""

import smtplib
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address
from django.utils.translation import gettext

from alerts.errors import NotDelivered
from batchops.texts import one_line, redacted

Replies = Mapping[str, str]
LONGEST_REPLY = 200
LOGIN_REFUSED = (530, 534, 535, 538)


@dataclass(frozen=True, slots=True)
class Handed:
    """Who took a mail, and what the server said about the others."""

    took: tuple[str, ...]
    refused: Replies
    put_off: Replies


def hand_over(message: EmailMessage) -> Handed:
    """Send `message` and return who took it; an address that is refused stops no other.

    It takes at most MAIL_DEADLINE, also when the server drips or a name is not resolved.

    :raises NotDelivered: when nobody took it, or when it cannot be known; the sentence says why.
    """
    line = Line()
    outcome: list[Handed | Exception] = []
    courier = threading.Thread(target=_carry, args=(message, line, outcome), daemon=True)
    courier.start()
    courier.join(settings.MAIL_DEADLINE.total_seconds())
    if not outcome:
        line.cut()
        sentence = gettext(
            "The mail server %(server)s took longer than %(seconds)g s in all and was cut off."
        )
        seconds = settings.MAIL_DEADLINE.total_seconds()
        raise NotDelivered(sentence % {"server": _server(), "seconds": seconds} + line.doubt)
    if isinstance(outcome[0], Exception):
        raise _not_sent(outcome[0], line) from outcome[0]
    return outcome[0]


class Line:
    """The connection to the server, which another thread may cut, even before it stands."""

    def __init__(self) -> None:
        self.is_cut = False
        self.has_spoken = False  # the mail itself is on its way, so it may arrive
        self._connection: smtplib.SMTP | None = None

    def stands(self, connection: smtplib.SMTP) -> None:
        self._connection = connection
        if self.is_cut:
            raise TimeoutError

    @property
    def doubt(self) -> str:
        """What to add to a sentence about a line that ended without the server's answer."""
        return gettext(" The mail may have left all the same.") if self.has_spoken else ""

    def cut(self) -> None:
        """End whatever the line is doing: its next answer is an error."""
        self.is_cut = True
        held = getattr(self._connection, "sock", None)
        if held is not None:
            with suppress(OSError, ValueError):
                held.shutdown(socket.SHUT_RDWR)


class _Watched:
    """Mixed into smtplib's connections: shows itself to the line before the first answer."""

    def __init__(self, *args: Any, line: Line, **kwargs: Any) -> None:
        self._line = line
        super().__init__(*args, **kwargs)

    def getreply(self) -> tuple[int, bytes]:
        self._line.stands(self)  # type: ignore[arg-type]
        return super().getreply()  # type: ignore[misc, no-any-return]

    def data(self, message: Any) -> tuple[int, bytes]:
        self._line.has_spoken = True
        return super().data(message)  # type: ignore[misc, no-any-return]


class _Plain(_Watched, smtplib.SMTP):
    """A connection that begins in clear."""


class _Secure(_Watched, smtplib.SMTP_SSL):
    """A connection that begins with TLS."""


class Postbox(EmailBackend):
    """Django's SMTP backend, which tells what became of each address."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self.line = line

    @property
    def connection_class(self) -> Any:
        return partial(_Secure if self.use_ssl else _Plain, line=self.line)

    def post(self, message: EmailMessage) -> dict[str, tuple[int, bytes]]:
        """Send the message and return the addresses that were refused, with code and reply."""
        asked = {sanitize_address(address, "utf-8"): address for address in message.recipients()}
        text = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]
        sender = sanitize_address(message.from_email, "utf-8")
        try:
            self.open()
            connection: smtplib.SMTP = self.connection  # type: ignore[assignment]
            refused = connection.sendmail(sender, list(asked), text)
        finally:
            # What a server says to the farewell changes nothing about the mail.
            with suppress(OSError):
                self.close()
        return {asked[address]: reply for address, reply in refused.items()}


def _carry(message: EmailMessage, line: Line, outcome: list[Handed | Exception]) -> None:
    try:
        refused = Postbox(line).post(message)
    except Exception as error:  # noqa: BLE001 - it is raised again in the caller's thread
        outcome.append(error)
        return
    said = {address: _reply(code, text) for address, (code, text) in refused.items()}
    put_off = {a: said[a] for a, (code, _) in refused.items() if code < 500}
    outcome.append(
        Handed(
            took=tuple(a for a in message.recipients() if a not in said),
            refused={a: reply for a, reply in said.items() if a not in put_off},
            put_off=put_off,
        )
    )


def words_of(replies: Replies) -> str:
    """Return how many replies there are and what they say; no address is in it."""
    said = dict.fromkeys(redacted(reply) for reply in replies.values())
    return f"{len(replies)} ({'; '.join(said)})"


def _not_sent(error: Exception, line: Line) -> NotDelivered:
    """Put into a sentence why nobody got the mail; no password and no login name in it."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        replies = {a: _reply(*reply) for a, reply in error.recipients.items()}
        sentence = gettext("The mail server %(server)s refused every address: %(why)s.")
        why = {"server": _server(), "why": words_of(replies)}
        return NotDelivered(sentence % why, is_server=False, replies=replies)
    if isinstance(error, smtplib.SMTPResponseException):
        return _answered(error)
    if not isinstance(error, OSError):
        raise error
    why = {"server": _server(), "why": _short(error.strerror or str(error))}
    return NotDelivered(_unreachable(error) % why + line.doubt)


def _answered(error: smtplib.SMTPResponseException) -> NotDelivered:
    if isinstance(error, smtplib.SMTPAuthenticationError) or error.smtp_code in LOGIN_REFUSED:
        sentence = gettext(
            "The mail server %(server)s refused the login (%(code)s). Check SMTP_USER and "
            "SMTP_PASS."
        )
        return NotDelivered(sentence % {"server": _server(), "code": error.smtp_code})
    sentence = gettext("The mail server %(server)s refused the mail: %(why)s.")
    why = redacted(_reply(error.smtp_code, error.smtp_error))
    connecting = isinstance(error, smtplib.SMTPConnectError | smtplib.SMTPHeloError)
    return NotDelivered(
        sentence % {"server": _server(), "why": why},
        is_server=connecting or error.smtp_code == 421,
    )


def _unreachable(error: OSError) -> str:
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return gettext(
            "The mail server %(server)s does not offer what the settings ask for (%(why)s). "
            "Check SMTP_PORT, SMTP_SECURITY and SMTP_USER."
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return gettext(
            "The certificate of the mail server %(server)s cannot be trusted (%(why)s). Name "
            "its authority by SSL_CERT_FILE, or correct SMTP_HOST."
        )
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return gettext("The mail server %(server)s did not answer in time. Is it overloaded?")
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return gettext("The mail server %(server)s closed the line without an answer.")
    return gettext(
        "The mail server %(server)s cannot be reached (%(why)s). Check SMTP_HOST and SMTP_PORT, "
        "and that it runs."
    )


def _server() -> str:
    return f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"


def _reply(code: int, text: bytes | str) -> str:
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    return f"{code} {_short(words)}"


def _short(words: str) -> str:
    """Make one line of a server's words, short, and without our password if it echoes it."""
    if settings.EMAIL_HOST_PASSWORD:
        words = words.replace(settings.EMAIL_HOST_PASSWORD, "***")
    return one_line(words, LONGEST_REPLY).rstrip(".")
