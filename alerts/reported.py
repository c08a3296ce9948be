"""Read reports by mail, what became of them, and what reports tell of alerts."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import OuterRef, Q, Subquery

from alerts.models import Alert, AlertEvent, AlertQuerySet, Bulletin, BulletinSlot
from alerts.states import BulletinKind, State
from batchops.access import name_of

# What a hand-over and a daily report tell of each; there are hundreds, and no more is read.
TOLD = (
    "severity",
    "state",
    "message",
    "opened_at",
    "acknowledged_by",
    "acknowledged_until",
    "muted_until",
    "openings",
    "record_only",
)
REPORTED = (
    "rule",
    "severity",
    "state",
    "message",
    "evidence",
    "batch_code",
    "subject",
    "opened_at",
    "acknowledged_by",
    "resolved_at",
    "record_only",
)
NOTED = ("acknowledged", "taken over", "extended", "noted", "commented")  # by people


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote on an alert."""

    at: datetime
    actor: str
    text: str

    @property
    def who(self) -> str:
        return name_of(self.actor, "")


def bulletins_on() -> list[Bulletin]:
    """Return the bulletins that are mailed, each by its set time."""
    return list(Bulletin.objects.filter(enabled=True).order_by("id"))


def hand_overs() -> list[Bulletin]:
    """Return the hand-overs that are on, in the order of their times."""
    on = Bulletin.objects.filter(enabled=True, kind=BulletinKind.HAND_OVER)
    return list(on.order_by("at", "id"))


def decided_slots(first: date) -> set[tuple[int, date]]:
    """Return of which bulletins the business days from `first` on are decided."""
    decided = BulletinSlot.objects.filter(business_date__gte=first)
    return set(decided.values_list("bulletin_id", "business_date"))


def last_slots() -> list[BulletinSlot]:
    """Return of each bulletin its newest decided day."""
    newest = BulletinSlot.objects.order_by("bulletin", "-business_date").distinct("bulletin")
    return list(newest.select_related("bulletin"))


def slot_of(kind: BulletinKind, day: date) -> BulletinSlot | None:
    """Return what became of the bulletins of a kind on a day, None while that is open."""
    found = BulletinSlot.objects.filter(bulletin__kind=kind, business_date=day)
    return found.order_by("-decided_at").first()


def alerts_between(
    day: date, *, begins_at: datetime, ends_at: datetime, recorded: bool
) -> AlertQuerySet:
    """Return the alerts of a business day and those that opened between two moments.

    Without `recorded` those that only go on record are left out. Each has REPORTED and
    `first_taken_at`, when somebody first acknowledged it, None where nobody did.
    """
    taken = AlertEvent.objects.filter(alert=OuterRef("pk"), verb="acknowledged").order_by("id")
    opened = Q(opened_at__gte=begins_at, opened_at__lt=ends_at)
    alerts = Alert.objects.filter(opened | Q(business_date=day))
    if not recorded:
        alerts = alerts.filter(record_only=False)
    return alerts.only(*REPORTED).annotate(first_taken_at=Subquery(taken.values("at")[:1]))


def active_in(state: State, *, recorded: bool) -> AlertQuerySet:
    """Return the alerts in an active state, worst first, each with TOLD."""
    found = Alert.objects.active().filter(state=state).only(*TOLD)
    return (found if recorded else found.filter(record_only=False)).worst_first()


def notes_on(alerts: Iterable[Alert]) -> dict[int, list[Note]]:
    """Return what people noted on alerts by the alert's id, each in its order; one query."""
    written = AlertEvent.objects.filter(alert__in=[alert.pk for alert in alerts], verb__in=NOTED)
    rows = written.exclude(note="").order_by("id").values_list("alert_id", "at", "actor", "note")
    found: dict[int, list[Note]] = defaultdict(list)
    for alert_id, at, actor, text in rows:
        found[alert_id].append(Note(at, actor, text))
    return found


def resolved_since(moment: datetime, *, recorded: bool) -> AlertQuerySet:
    """Return the alerts that opened in the 30 days before and were resolved since `moment`.

    Of each only when that was and its message are read.
    """
    over = Alert.objects.filter(opened_at__gte=moment - timedelta(days=30), resolved_at__gte=moment)
    told = over if recorded else over.filter(record_only=False)
    return told.only("resolved_at", "message")
