"""Mail reports when they are due: once on each business day, late if nothing could, or on record.

The slot of a day is written with its mails in one transaction, under the bulletin's lock, so two
clusters mail once and a killed one all or nothing. When it is due follows from the site's clock as
CC&B's business days go.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext

from alerts.lifecycle import Letter, Slot, miss_slot, post_slot
from alerts.models import Bulletin, missing_settings
from alerts.reported import bulletins_on, decided_slots, hand_overs
from alerts.states import BulletinKind
from batchops.calendar import moment_in_day
from batchops.cluster import bells
from batchops.cluster.ticks import Tick, register
from batchops.db import database_now
from batchops.templatetags.batchops import duration
from batchops.web.reports import daily, hand_over, letters
from jobs.statistics import count_days
from monitoring import queries
from monitoring.queries import Freshness

log = logging.getLogger("batchops.reports")

BELL = "batchops.web.reports.sending.send_due"
EVERY = timedelta(seconds=10)
# What comes later than this helps nobody any more, and is recorded as missed.
CUT_OFF = {
    BulletinKind.DAILY_REPORT: timedelta(hours=12),
    BulletinKind.HAND_OVER: timedelta(hours=3),
}
# A reader need not be told that a mail is so little late.
ON_TIME = timedelta(minutes=10)
# Days looked back for slots that nobody decided; older ones stay without a record.
LOOKED_BACK = 31


@dataclass(frozen=True, slots=True)
class Due:
    """A slot that is due, `late` by so much of CC&B's clock."""

    bulletin: Bulletin
    slot: Slot
    late: timedelta

    @property
    def is_over(self) -> bool:
        """Whether it is too late to mail it."""
        return self.late > CUT_OFF[BulletinKind(self.bulletin.kind)]


def register_ticks() -> None:
    """Let the wrapper of a watch cluster look for reports that are due."""
    register(Tick("reports.send", "watch", EVERY, ring_for_due))


def ring_for_due() -> None:
    """Ring for a worker when a report is due and can be decided."""
    if any(_decidable(due) for due in all_due(database_now())):
        bells.ring(BELL, cluster="watch")


def send_due() -> None:
    """Mail what is due, or record that it was missed; a report that fails stops no other."""
    at = database_now()
    for due in all_due(at):
        try:
            decide(due, at=at)
        except Exception:
            log.exception("Report %s of %s could not be made.", due.bulletin, due.slot)


def all_due(at: datetime) -> list[Due]:
    """Return what is due at `at`, by our clock, and not decided, the longest waiting first."""
    bulletins = bulletins_on()
    if not bulletins:
        return []
    fresh = queries.freshness(at)
    days = [fresh.today - timedelta(days=n) for n in range(LOOKED_BACK)]
    decided = decided_slots(days[-1])
    found = [
        due
        for bulletin in bulletins
        for day in days
        if (bulletin.pk, day) not in decided
        for due in _due(bulletin, day, fresh)
    ]
    return sorted(found, key=lambda due: due.slot.due_at)


def decide(due: Due, *, at: datetime) -> bool:
    """Mail one report or record that it was missed; return whether this call did either."""
    if due.is_over:
        return miss_slot(due.slot, at=at, reason=_reason())
    if missing_settings():
        return False  # they may be set before it is too late
    letter, url = _letter(due, at=at)
    return post_slot(due.slot, letter, url=url, at=at)


def due_at(bulletin: Bulletin, day: date, fresh: Freshness) -> datetime:
    """Return when a bulletin is due on a business day, by CC&B's clock."""
    begins_at, _ = queries.day_bounds(day, fresh.config)
    hour = bulletin.at or fresh.config.day_deadline
    return moment_in_day(begins_at, hour, zone=settings.SITE_ZONE)


def was_set_after(bulletin: Bulletin, moment: datetime, fresh: Freshness) -> bool:
    """Return whether a bulletin was switched on, or its time changed, after a due moment."""
    return fresh.here(moment) <= bulletin.set_at


def _due(bulletin: Bulletin, day: date, fresh: Freshness) -> Iterator[Due]:
    moment = due_at(bulletin, day, fresh)
    late = fresh.source_now - moment
    if late >= timedelta() and not was_set_after(bulletin, moment, fresh):
        yield Due(bulletin, Slot(bulletin.pk, day, moment), late)


def _decidable(due: Due) -> bool:
    return due.is_over or not missing_settings()


def _reason() -> str:
    if missing := missing_settings():
        return gettext("Mail was not configured: %s.") % ", ".join(missing)
    return gettext(
        "Nothing mailed it in time: no watch cluster ran, or it could not be made, which the "
        "log of watch says."
    )


def _letter(due: Due, *, at: datetime) -> tuple[Letter, str]:
    note, fresh = "", queries.freshness(at)
    if due.late > ON_TIME:
        said = gettext("This was due %s earlier and could not be mailed then.")
        note = said % duration(due.late)
    if due.bulletin.kind == BulletinKind.HAND_OVER:
        since = hand_over.shift_began(due.slot.due_at, fresh, hand_overs())
        handed = hand_over.compose(fresh, since=since, recorded=False)
        letter = letters.of_hand_over(handed, name=due.bulletin.name, note=note)
        return letter, reverse("admin:hand_over")
    count_days()  # what ended in the last minute counts too
    report = daily.compose(due.slot.business_date, fresh, recorded=False)
    url = f"{reverse('admin:daily_report')}?date={due.slot.business_date}"
    return letters.of_day(report, note=note), url
