"""Read each part of the page, at one moment, from the apps that know about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from alerts.queries import oldest_alert_at
from alerts.standings import standings
from batchops import sizes
from batchops.access import name_of
from batchops.cluster import cleaning
from batchops.cluster import load as samples
from batchops.cluster import queries as clusters
from batchops.cluster.cleaning import Kept
from batchops.looks import Look
from batchops.models import CleanUp
from batchops.templatetags.batchops import duration
from batchops.web.health import troubles
from jobs import old_files, states
from jobs import queries as jobs
from jobs import retention as jobs_kept
from jobs.types.document import kept as pdfs
from monitoring import readings
from monitoring import retention as runs_kept
from monitoring.models import Poll
from monitoring.queries import freshness

CLUSTER_LOOKS = {
    "alive": Look("alive", "Alive", "ok", "check"),
    "late": Look("late", "Late", "warn", "warning"),
    "unknown": Look("unknown", "Unknown", "unknown", "question"),
}
READ = Look("read", "Read", "ok", "check")
NOT_READ = Look("failed", "Failed", "bad", "x-circle")
KINDS = {
    states.EXPAND: _("makes the list of items"),
    states.SUMMARY: _("makes the summary"),
    states.ARTIFACT: _("makes the ZIP"),
    states.REOPEN: _("opens items again"),
}
SPANS = {timedelta(minutes=10): _("10 minutes"), timedelta(hours=1): _("hour")}
POLLS_SHOWN = 10
# A look is taken every minute; of one that is older than that, two did not come.
LOOKS_MISSED = timedelta(minutes=3)
TABLES_SHOWN = 10
DAY, YEAR = timedelta(days=1), timedelta(days=365)


@dataclass(frozen=True, slots=True)
class PollRow:
    """A poll as the page lists it."""

    poll: Poll
    look: Look
    asked_by: str
    clock: str


@dataclass(frozen=True, slots=True)
class KeptGroup:
    """What one clean-up keeps: how it stands `at` now, None if it never ran; how often it begins.

    `every` is None of what is kept for ever.
    """

    at: datetime
    title: str
    rows: list[tuple[Kept, str]]
    every: timedelta | None = None
    clean_up: CleanUp | None = None

    @property
    def done_at(self) -> datetime | None:
        return self.clean_up.done_at if self.clean_up else None

    @property
    def ran_at(self) -> datetime | None:
        """When it last ran; of one that an older release noted, when it was done."""
        return (self.clean_up.ran_at or self.clean_up.done_at) if self.clean_up else None

    @property
    def overdue(self) -> bool:
        """Whether it should have begun again, or gone on, long ago."""
        return bool(self.ran_at and self.every and self.at - self.ran_at > 2 * self.every)

    @property
    def next_at(self) -> datetime | None:
        """When it begins again; None while it goes on, or before it ever ran."""
        if self.clean_up is None or self.clean_up.goes_on or not (self.ran_at and self.every):
            return None
        return self.ran_at + self.every


def workers(request: HttpRequest, at: datetime) -> dict[str, Any]:
    """Return the clusters, what they have in hand, what waits and what gets done."""
    found, queues, held = clusters.clusters(), clusters.queues(), jobs.in_hand()
    return {
        "clusters": [(each, CLUSTER_LOOKS[each.state]) for each in found],
        "alive": sum(each.workers for each in found if each.state != "unknown"),
        "clusters_drawn": {
            "clusters.pid": [each.pid for each in found],
            "clusters.state": [each.state for each in found],
        },
        "queues": queues,
        "held": [(one, _doing(one)) for one in held],
        "waiting": jobs.waiting(),
        "rate": jobs.rate_now(),
        "done": [(SPANS[one.within], one) for one in jobs.done_within(list(SPANS), at=at)],
        "minutes": jobs.done_by_minute(at=at),
        "troubles": troubles.of_workers(found, queues, held),
    }


def load(request: HttpRequest, at: datetime) -> dict[str, Any]:
    """Return what there was to do in the last day, and since when or till when that is known."""
    spans, last = samples.course(at), samples.last_look()
    return {
        "spans": spans,
        "unknown": all(one.workers is None for one in spans),
        "silent_since": last if last and at - last > LOOKS_MISSED else None,
        "since_at": samples.waiting_since(),
    }


def polls(request: HttpRequest, at: datetime) -> dict[str, Any]:
    """Return how the last readings of CC&B went, and how old its figures are."""
    fresh = freshness(at)
    viewer = request.user.get_username()
    return {
        "fresh": fresh,
        "reading": readings.is_reading(),
        "polls": [_poll_row(poll, viewer) for poll in readings.last_polls(POLLS_SHOWN)],
        "clock": _ahead(fresh.last_good.source_offset_s if fresh.last_good else None),
        "troubles": troubles.of_source(fresh),
    }


def channels(request: HttpRequest, at: datetime) -> dict[str, Any]:
    """Return how each channel stands and what waits for it."""
    found = standings(at)
    return {"standings": found, "troubles": troubles.of_channels(found)}


def storage(request: HttpRequest, at: datetime) -> dict[str, Any]:
    """Return how much the database holds, what it keeps, and for how long."""
    held, groups = sizes.database(), _kept_groups(at)
    cleaned = {group.title: group.done_at for group in groups if group.every}
    return {
        "database": held,
        "tables": sizes.largest_tables(TABLES_SHOWN),
        "groups": groups,
        "troubles": troubles.of_storage(held, cleaned, at=at),
    }


def _doing(one: jobs.InHand) -> str:
    if one.kind != states.ITEMS:
        return str(KINDS[one.kind])
    if one.first is None or one.last is None:
        return gettext("does items")
    return gettext("does items %(first)d to %(last)d") % {"first": one.first, "last": one.last}


def _poll_row(poll: Poll, viewer: str) -> PollRow:
    scheduled = poll.slot is not None
    return PollRow(
        poll=poll,
        look=READ if poll.succeeded else NOT_READ,
        asked_by=gettext("the schedule") if scheduled else name_of(poll.asked_by, viewer),
        clock=_ahead(poll.source_offset_s),
    )


def _ahead(seconds: float | None) -> str:
    """Write how far CC&B's clock is from ours; empty while nobody knows."""
    if seconds is None:
        return ""
    if abs(seconds) < 1:
        return gettext("as ours")
    said = gettext("%(time)s ahead") if seconds > 0 else gettext("%(time)s behind")
    return said % {"time": duration(abs(seconds))}


def _kept_groups(at: datetime) -> list[KeptGroup]:
    ran = cleaning.clean_ups()
    alerts = [Kept(_("Alerts, their history and messages"), None, oldest_alert_at())]
    kinds: list[tuple[str, list[Kept], timedelta | None, str]] = [
        (gettext("Jobs"), jobs_kept.kept(), jobs_kept.EVERY, jobs_kept.LOCK),
        (gettext("Files"), old_files.kept(), old_files.EVERY, old_files.NAME),
        (gettext("Documents"), pdfs.kept(), pdfs.EVERY, pdfs.LOCK),
        (gettext("CC&B"), runs_kept.kept(), runs_kept.EVERY, runs_kept.LOCK),
        (gettext("Alerts"), alerts, None, ""),
    ]
    return [
        KeptGroup(at, title, _for_each(rows), every, ran.get(name))
        for title, rows, every, name in kinds
    ]


def _for_each(rows: list[Kept]) -> list[tuple[Kept, str]]:
    return [(row, _for(row.time)) for row in rows]


def _for(time: timedelta | None) -> str:
    """Write how long something is kept."""
    if time is None:
        return gettext("for ever")
    if time >= YEAR and not time % YEAR:
        return ngettext("%(n)d year", "%(n)d years", time // YEAR) % {"n": time // YEAR}
    if time < DAY:
        return duration(time)
    return ngettext("%(n)d day", "%(n)d days", time.days) % {"n": time.days}
