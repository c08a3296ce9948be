"""Decide whether a browser's page may open a socket here."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

Place = tuple[str, str | None, int | None]
DEFAULT_PORTS = {"http": 80, "https": 443}


def is_welcome(headers: Mapping[str, str]) -> bool:
    """Tell whether Host and Origin of a handshake are ones this site serves.

    The origin must be this very site (scheme, host and port) or one listed in
    CORS_ALLOWED_ORIGINS or CSRF_TRUSTED_ORIGINS. Only programs send none, and they bring a token.
    """
    host = headers.get("host", "")
    domain, _ = split_domain_port(host)
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        return False
    origin = headers.get("origin")
    if origin is None:
        return "authorization" in headers
    return _place(origin) in _served(host)


def _served(host: str) -> set[Place]:
    scheme = "https" if settings.BATCHOPS_HTTPS else "http"
    listed = [*settings.CORS_ALLOWED_ORIGINS, *settings.CSRF_TRUSTED_ORIGINS]
    return {_place(origin) for origin in [f"{scheme}://{host}", *listed]}


def _place(origin: str) -> Place:
    try:
        parts = urlsplit(origin.lower())
        return parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return "unreadable", origin, None
