"""Let webhooks reach the public internet and what the site allows inside, and nothing else."""

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext

from batchops.errors import InvalidInput

LONGEST_ADDRESS = 2_000
DEFAULT_PORTS = {"https": 443, "http": 80}
FIRST_FREE_PORT = 1024  # below it are the ports of services such as SSH and mail
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"(?=.{{1,253}}\Z){LABEL}(\.{LABEL})*")
# Public addresses of version 6 are in here, and in these there are others' addresses inside.
PUBLIC_6 = IPv6Network("2000::/3")
WRAPPING_6 = (IPv6Network("2002::/16"), IPv6Network("2001::/23"))

Address = IPv4Address | IPv6Address


class ForbiddenAddress(InvalidInput):
    """Refuse an address that webhooks may not reach."""

    code = "forbidden_address"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a webhook goes: an address that is well formed, though not yet resolved."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def netloc(self) -> str:
        """Host and port as the header Host writes them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def is_secure(self) -> bool:
        return self.scheme == "https"


def parse(address: str) -> Target:
    """Return the target that `address` names.

    :raises ForbiddenAddress: when it is none, or when its spelling alone shows that it leads to
        where webhooks may not go; the sentence does not repeat it.
    """
    if len(address) > LONGEST_ADDRESS or not re.fullmatch(r"[!-~]+", address) or "\\" in address:
        raise _forbidden(
            gettext(
                "The address may have at most 2,000 characters, of ASCII, without spaces and "
                "backslashes. Write other letters percent-encoded, and in the host as xn--."
            )
        )
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise _forbidden(gettext("The host or the port of the address cannot be read.")) from None
    return _target(parts, port)


def resolve(target: Target) -> list[Address]:
    """Look the target's name up, once, and return its addresses, each of which is allowed.

    :raises ForbiddenAddress: when one of them is not.
    :raises OSError: when the name has none.
    """
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    # The scope that a link-local address bears is no part of it.
    addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    _require_allowed(addresses, target)
    return list(dict.fromkeys(addresses))


def _target(parts: SplitResult, port: int | None) -> Target:
    if parts.scheme not in DEFAULT_PORTS:
        raise _forbidden(gettext("The address has to begin with https://."))
    if "@" in parts.netloc or parts.fragment:
        raise _forbidden(
            gettext("The address may hold no user, password or # part. Receivers check signatures.")
        )
    target = Target(
        scheme=parts.scheme,
        host=_host(parts),
        port=DEFAULT_PORTS[parts.scheme] if port is None else port,
        path=f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}",
    )
    _require_allowed(_spelled(target.host), target)
    return target


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    is_bracketed = "[" in parts.netloc
    if is_bracketed != (":" in host) or not (is_bracketed or HOST.fullmatch(host)):
        raise _forbidden(
            gettext("The host is no name: letters, digits and - in parts, no dot at its end.")
        )
    return host


def _spelled(host: str) -> list[Address]:
    """Return the address that a host is, in whichever spelling; nothing for a name."""
    try:
        if ":" in host:
            return [IPv6Address(host)]
        return [IPv4Address(socket.inet_aton(host))]
    except ValueError:
        raise _forbidden(gettext("The host is no address.")) from None
    except OSError:
        return []


def _require_allowed(addresses: Sequence[Address], target: Target) -> None:
    inside = [_is_inside(address) for address in addresses]
    allowed = [here or _is_public(a) for a, here in zip(addresses, inside, strict=True)]
    if not all(allowed):
        raise _forbidden(
            gettext(
                "The host is not on the public internet. Webhooks reach inside networks only if "
                "the setting WEBHOOK_INSIDE names them."
            )
        )
    if not addresses and settings.WEBHOOK_INSIDE:
        return  # a name; what it stands for is seen when it is looked up
    _require_way(target, is_inside=bool(inside) and all(inside))


def _require_way(target: Target, *, is_inside: bool) -> None:
    if target.port in settings.WEBHOOK_PORTS and target.is_secure:
        return
    if is_inside and (target.port in (80, 443) or target.port >= FIRST_FREE_PORT):
        return
    ports = ", ".join(str(port) for port in sorted(settings.WEBHOOK_PORTS))
    raise _forbidden(
        gettext("Webhooks go by https:// and to these ports: %(ports)s (setting WEBHOOK_PORTS).")
        % {"ports": ports}
    )


def _is_inside(address: Address) -> bool:
    return any(address in network for network in settings.WEBHOOK_INSIDE)


def _is_public(address: Address) -> bool:
    """Return whether an address is one on the internet, and hides no other in it."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv4Address):
        return True
    return address in PUBLIC_6 and not any(address in network for network in WRAPPING_6)


def _forbidden(sentence: str) -> ForbiddenAddress:
    return ForbiddenAddress(sentence, {"address": [sentence]})
