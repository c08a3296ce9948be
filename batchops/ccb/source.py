"""Read CCB_URL: where CC&B is, who we are there, and which clock it goes by."""

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from batchops.ccb.errors import CcbNotConfigured

Dialect = Literal["oracle", "postgresql"]
Clock = Literal["oracle", "postgresql", "simulated"]

FORMS = (
    "Write CCB_URL as oracle://user:password@host:1521/service or "
    "postgresql://user:password@host:5432/database, with characters such as @ : / % in the "
    "password percent-encoded; docs/oracle.md shows all forms."
)
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ORACLE_OPTIONS = {"sid", "protocol", "wallet"}


@dataclass(frozen=True, slots=True)
class Source:
    """One CC&B; its printed form never holds the password."""

    dialect: Dialect
    clock: Clock
    place: str
    user: str
    url: str = field(repr=False)
    password: str = field(repr=False)
    host: str = ""
    port: int = 0
    service: str = ""
    options: tuple[tuple[str, str], ...] = ()

    @property
    def written_password(self) -> str:
        """Return the password as the URL writes it, percent-encoded; drivers may repeat it so."""
        return urlsplit(self.url).password or ""

    @property
    def conninfo(self) -> str:
        """Return the URL as libpq takes it: without what only we understand."""
        parts = urlsplit(self.url)
        kept = [(name, value) for name, value in parse_qsl(parts.query) if name != "clock"]
        # libpq reads %20 as a space, but not +.
        return parts._replace(query=urlencode(kept, quote_via=quote)).geturl()


def parse_source(url: str) -> Source:
    """Return the source that `url` names.

    :raises CcbNotConfigured: when it is empty or cannot be understood; the sentence does not
        repeat the URL, which holds a password.
    """
    if not url:
        raise CcbNotConfigured(f"No CC&B is configured. {FORMS}")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _unreadable("its host or port cannot be read") from None
    if parts.scheme not in {"oracle", "postgresql", "postgres"}:
        raise _unreadable("it does not begin with oracle:// or postgresql://")
    _refuse_half_encoded(parts)
    if parts.scheme == "oracle":
        return _oracle(url, parts, port or 1521)
    return _postgresql(parts, port or 5432)


def _refuse_half_encoded(parts: SplitResult) -> None:
    """Refuse what would make a piece of the password pass for a port, a path or an escape."""
    if "@" in parts.path:
        raise _unreadable("there is an @ behind the host, so a / in the password is not encoded")
    if _BAD_ESCAPE.search(parts.geturl()):
        raise _unreadable("a % in it is not followed by two hexadecimal digits")


def _oracle(url: str, parts: SplitResult, port: int) -> Source:
    options = dict(parse_qsl(parts.query))
    service = unquote(parts.path.lstrip("/"))
    if not (parts.hostname and parts.username and parts.password):
        raise _unreadable("user, password or host is missing")
    if not (service or "sid" in options):
        raise _unreadable("the service name after the last / is missing")
    if set(options) - _ORACLE_OPTIONS or options.get("protocol", "tcp") not in {"tcp", "tcps"}:
        raise _unreadable("after ? only sid=, protocol=tcps and wallet= are known")
    named = f"service {service}" if service else f"SID {options['sid']}"
    return Source(
        dialect="oracle",
        clock="oracle",
        place=f"{parts.hostname}:{port}, {named}",
        user=unquote(parts.username),
        url=url,
        password=unquote(parts.password),
        host=parts.hostname,
        port=port,
        service=service,
        options=tuple(options.items()),
    )


def _postgresql(parts: SplitResult, port: int) -> Source:
    options = parse_qsl(parts.query)
    clock = dict(options).get("clock", "postgresql")
    if clock not in {"postgresql", "simulated"}:
        raise _unreadable("clock= may only be simulated")
    user = unquote(parts.username or "") or dict(options).get("user", "")
    if not user:
        raise _unreadable("the user is missing")
    host = unquote(parts.hostname or "") or dict(options).get("host", "localhost")
    return Source(
        dialect="postgresql",
        clock="simulated" if clock == "simulated" else "postgresql",
        place=f"{host}:{port}, database {unquote(parts.path.lstrip('/'))}",
        user=user,
        url=parts.geturl(),
        password=unquote(parts.password or "") or dict(options).get("password", ""),
        host=host,
        port=port,
    )


def _unreadable(why: str) -> CcbNotConfigured:
    return CcbNotConfigured(
        f"CCB_URL cannot be understood: {why}. {FORMS}", code="ccb_url_unreadable"
    )
