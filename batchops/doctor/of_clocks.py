"""Look at clocks: this machine's, the database's, CC&B's."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from django.utils import timezone

from batchops.db import database_now
from batchops.doctor.findings import Found, fail, ok, span, warn
from monitoring.queries import freshness

APART_S, FAR_APART_S = 2, 30
# CC&B's dates are of its host's wall clock, and a zone that is wrong shows as hours.
SOURCE_APART_S, SOURCE_FAR_APART_S = 60, 1800
SYNC = "Let both keep time by NTP (`timedatectl` says whether they do)."


def look() -> Sequence[Found]:
    """Say how far apart they are."""
    return [_database(), *_source()]


def _database() -> Found:
    began = time.monotonic()
    ours, theirs = datetime.now(UTC), database_now()
    on_the_way_s = time.monotonic() - began
    apart_s = max(0.0, abs((theirs - ours).total_seconds()) - on_the_way_s)
    seen = f"This machine and the database are {span(apart_s)} apart."
    if apart_s > FAR_APART_S:
        return fail("clocks", seen, SYNC)
    return warn("clocks", seen, SYNC) if apart_s > APART_S else ok("clocks", seen)


def _source() -> list[Found]:
    fresh = freshness(timezone.now())
    ahead_s = fresh.last_good.source_offset_s if fresh.last_good else None
    if ahead_s is None or fresh.simulated:
        return []
    way = "ahead of" if ahead_s >= 0 else "behind"
    seen = f"At the last reading CC&B's clock was {span(abs(ahead_s))} {way} ours."
    remedy = f"{SYNC} Whole hours: check SITE_TIME_ZONE against CC&B's host."
    if abs(ahead_s) > SOURCE_FAR_APART_S:
        return [fail("clock of CC&B", seen, remedy)]
    apart = abs(ahead_s) > SOURCE_APART_S
    return [warn("clock of CC&B", seen, remedy) if apart else ok("clock of CC&B", seen)]
