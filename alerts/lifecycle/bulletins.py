"""Decide what becomes of a bulletin on a business day, once, and mail one when somebody asks."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext

from alerts.errors import BulletinNotFound, BulletinNotMailed
from alerts.lifecycle.outbox import Letter, post_letter
from alerts.models import Bulletin, BulletinSlot, missing_settings
from alerts.states import BULLETIN_KINDS, BulletinKind, SlotOutcome
from batchops.live.publish import publish


@dataclass(frozen=True, slots=True)
class Slot:
    """The one time on a business day at which a bulletin is due."""

    bulletin_id: int
    business_date: date
    due_at: datetime


def seed_daily_report(*, at: datetime) -> Bulletin:
    """Put the daily report in place, switched off and without readers, where it is missing."""
    bulletin, _ = Bulletin.objects.get_or_create(
        kind=BulletinKind.DAILY_REPORT,
        defaults={"name": BULLETIN_KINDS[BulletinKind.DAILY_REPORT], "set_at": at},
    )
    return bulletin


@transaction.atomic
def post_slot(slot: Slot, letter: Letter, *, url: str, at: datetime) -> bool:
    """Put a bulletin's letter into the outbox; return whether it was this call that did.

    The slot and the mails are written in one transaction under the bulletin's lock, so of several
    callers one posts, and a process that is killed leaves all or nothing. Nothing is posted while
    the bulletin is off or has no readers, or mail is not configured.
    """
    bulletin = _undecided(slot)
    if bulletin is None or not bulletin.enabled:
        return False
    notice = post_letter(
        letter,
        key=f"bulletin:{slot.bulletin_id}:{slot.business_date}",
        url=url,
        to=bulletin.addresses,
    )
    if notice is None:
        return False
    _decide(slot, SlotOutcome.POSTED, at=at, readers=len(bulletin.addresses), notice=notice)
    return True


@transaction.atomic
def miss_slot(slot: Slot, *, at: datetime, reason: str) -> bool:
    """Record that a bulletin was not mailed on a day, and why; return whether this call did."""
    if _undecided(slot) is None:
        return False
    _decide(slot, SlotOutcome.MISSED, at=at, reason=reason)
    return True


def mail_now(bulletin_id: int, letter: Letter, *, url: str, asked: str) -> int:
    """Put a letter into the outbox for a hand-over's readers because somebody asked for it.

    `asked` names the one press of a button: the same once more posts nothing. The bulletin's own
    times stay as they are. Return how many readers it has.

    :raises BulletinNotFound: when there is no such hand-over, or it is switched off.
    :raises BulletinNotMailed: when nobody would get it; the sentence says why.
    """
    hand_overs = Bulletin.objects.filter(kind=BulletinKind.HAND_OVER, enabled=True)
    bulletin = hand_overs.filter(pk=bulletin_id).first()
    if bulletin is None:
        raise BulletinNotFound(gettext("There is no such hand-over. Choose one from the list."))
    if missing := missing_settings():
        said = gettext("Mail is not configured: set %(names)s (docs/settings.md), then restart.")
        raise BulletinNotMailed(said % {"names": ", ".join(missing)})
    if not bulletin.addresses:
        said = gettext("'%(name)s' has no readers. An administrator adds them in the settings.")
        raise BulletinNotMailed(said % {"name": bulletin.name})
    post_letter(letter, key=f"bulletin:{bulletin_id}:{asked}", url=url, to=bulletin.addresses)
    return len(bulletin.addresses)


def _undecided(slot: Slot) -> Bulletin | None:
    """Lock and return the bulletin of a slot, None when it was decided on that day already."""
    bulletin = Bulletin.objects.select_for_update(no_key=True).get(pk=slot.bulletin_id)
    decided = bulletin.slots.filter(business_date=slot.business_date).exists()
    return None if decided else bulletin


def _decide(slot: Slot, outcome: SlotOutcome, *, at: datetime, **more: object) -> None:
    BulletinSlot.objects.create(
        bulletin_id=slot.bulletin_id,
        business_date=slot.business_date,
        due_at=slot.due_at,
        decided_at=at,
        outcome=outcome,
        **more,
    )
    publish("bulletins")
