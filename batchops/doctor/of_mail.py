"""Look at the mail server: connect and greet it, log in nowhere, send nothing."""

import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress

from django.conf import settings

from batchops.doctor.findings import Found, fail, ok, warn

ANSWER_WITHIN_S = 4
NEEDS_LOGIN = "SMTP_USER is set, but the server offers no login on this port."


def look() -> Sequence[Found]:
    """Say whether the mail server answers and speaks as the settings expect."""
    if not settings.EMAIL_HOST:
        seen = "SMTP_HOST is not set, so no mail can leave."
        return [warn("mail server", seen, "Set SMTP_HOST and what follows it in docs/settings.md.")]
    place = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        server = _connection()
    except OSError as error:
        seen = f"{place} cannot be reached: {_why(error)}."
        remedy = "Check SMTP_HOST and SMTP_PORT, the firewall, and that it runs."
        return [fail("mail server", seen, remedy)]
    try:
        return [_greeted(server, place)]
    finally:
        with suppress(OSError):
            server.quit()


def _connection() -> smtplib.SMTP:
    host, port = settings.EMAIL_HOST, settings.EMAIL_PORT
    if settings.EMAIL_USE_SSL:
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port, timeout=ANSWER_WITHIN_S, context=context)
    return smtplib.SMTP(host, port, timeout=ANSWER_WITHIN_S)


def _greeted(server: smtplib.SMTP, place: str) -> Found:
    try:
        server.ehlo_or_helo_if_needed()
        if settings.EMAIL_USE_TLS:
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
    except OSError as error:
        remedy = "Check SMTP_PORT and SMTP_SECURITY against what the server speaks."
        return fail("mail server", f"{place} answers, but not as set: {_why(error)}.", remedy)
    if settings.EMAIL_HOST_USER and not server.has_extn("auth"):
        return fail("mail server", f"{place}: {NEEDS_LOGIN}", "Check SMTP_PORT and SMTP_SECURITY.")
    how = "over TLS" if settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL else "in clear"
    return ok("mail server", f"{place} greets us, {how}. The login was not tried.")


def _why(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or str(error) or type(error).__name__).rstrip(".")
