"""Look at the settings: what Django and we check at each start, and what only a site must have."""

from collections.abc import Sequence

from django.conf import settings
from django.core import checks

from batchops.doctor.findings import Found, fail, ok, warn
from batchops.environment import DATA_DIR
from batchops.house.environment import FILE_NAME

LOCAL = {"localhost", "127.0.0.1", "[::1]"}


def look() -> Sequence[Found]:
    """Say what the system checks find, and what lets others in."""
    found = [*map(_said, checks.run_checks()), *_openness()]
    return [*(found or [ok("settings", "Every check passes.")]), *_secrets()]


def _said(message: checks.CheckMessage) -> Found:
    say = fail if message.is_serious() else warn
    return say("settings", f"{message.msg} ({message.id})", message.hint or "See docs/settings.md.")


def _openness() -> list[Found]:
    found = []
    if settings.DEBUG:
        seen = "DEBUG is on: error pages show code and data to anybody."
        found.append(warn("settings", seen, "Set DEBUG to False, or leave it out."))
    if not settings.BATCHOPS_HTTPS and set(settings.ALLOWED_HOSTS) - LOCAL:
        seen = "The console is served to other machines without https, so passwords can be read."
        remedy = "Put a proxy with TLS before it and set BATCHOPS_HTTPS to True."
        found.append(warn("settings", seen, remedy))
    return found


def _secrets() -> list[Found]:
    found = []
    if not settings.BATCHOPS_SECRETS_KEYS:
        seen = "BATCHOPS_SECRETS_KEY is not set, so no channel can keep an address or a token."
        found.append(warn("secrets", seen, "docs/settings.md says how to make a key."))
    path = DATA_DIR / FILE_NAME
    if path.exists() and path.stat().st_mode & 0o077:
        seen = f"{path} holds secrets and can be read by others."
        found.append(fail("secrets", seen, f"Run `chmod 600 {path}`."))
    return found or [ok("secrets", "They are set, and kept from others.")]
