"""Look at CC&B: how old our picture of it is, and whether it can be read now."""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from batchops.ccb.client import read_checks
from batchops.ccb.errors import CcbError
from batchops.ccb.source import parse_source
from batchops.doctor.findings import Found, fail, ok, span, warn
from monitoring.queries import Freshness, freshness

ANSWER_WITHIN = timedelta(seconds=10)
SET_IT = "Set CCB_URL (docs/oracle.md shows all forms)."


def look_at_readings() -> Sequence[Found]:
    """Say how old the last good reading is."""
    fresh = freshness(timezone.now())
    if not fresh.configured:
        return [warn("CC&B", "No CC&B is configured.", SET_IT)]
    if fresh.login_refused:
        seen = f"CC&B refuses our login{_since(fresh)}."
        return [
            fail("CC&B", seen, "Correct CCB_URL, restart, and press 'Try again' in the console.")
        ]
    why = fresh.last.error_message if fresh.last and not fresh.last.succeeded else ""
    if fresh.stale:
        remedy = "See that a cluster `watch` is alive, then `manage.py ccb_check`."
        return [fail("CC&B", f"Not read{_since(fresh)}. {why}".strip(), remedy)]
    if fresh.late or why:
        seen = f"Readings fail or are late; not read{_since(fresh)}. {why}".strip()
        return [warn("CC&B", seen, "It may pass; otherwise run `manage.py ccb_check`.")]
    return [ok("CC&B", f"Read {_age(fresh)} ago.")]


def look_now() -> Sequence[Found]:
    """Log in once and ask for the release; not while the login is refused, which locks accounts."""
    fresh = freshness(timezone.now())
    if not fresh.configured:
        return []
    if fresh.login_refused:
        seen = "Not tried: another refused login could lock the account."
        return [warn("CC&B now", seen, "Correct the login first.")]
    try:
        source = parse_source(settings.CCB_URL)
        lines = read_checks([f"check_version_{source.dialect}"], deadline=ANSWER_WITHIN)
    except CcbError as error:
        return [fail("CC&B now", f"{error.message} [{error.code}]", "Run `manage.py ccb_check`.")]
    release = next((str(line[1]) for line in lines if line[0] != "refused" and line[1:]), "unknown")
    return [ok("CC&B now", f"{source.place} answers {source.user}: release {release}.")]


def _age(fresh: Freshness) -> str:
    return span(fresh.at - fresh.seen_at) if fresh.seen_at else "never"


def _since(fresh: Freshness) -> str:
    return f" for {_age(fresh)}" if fresh.seen_at else " so far"
