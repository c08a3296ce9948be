"""Tell what becomes of alerts, or withhold it while they are muted, and tell it at the end."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from alerts.lifecycle.events import Happened, record, waits_since
from alerts.lifecycle.outbox import post_opened, post_raised, post_reminders, post_resolved
from alerts.models import Alert, AlertQuerySet, Mute
from alerts.mutes import Mutes, read_mutes
from alerts.states import DeliveryKind, State
from batchops.live.publish import publish

POSTS: dict[str, Callable[[Sequence[Alert]], object]] = {
    DeliveryKind.OPENED: post_opened,
    DeliveryKind.RAISED: post_raised,
    DeliveryKind.REMINDER: post_reminders,
    DeliveryKind.RESOLVED: post_resolved,
}


def tell(alerts: Sequence[Alert], kind: DeliveryKind, *, at: datetime, actor: str) -> None:
    """Put into the outbox what became of `alerts`; withhold it for those muted at `at`."""
    if not alerts:
        return
    mutes = read_mutes(at)
    told: list[Alert] = []
    muted: list[Alert] = []
    for alert in alerts:
        rests = alert.muted_until or mutes.until(alert, at)
        (muted if rests else told).append(alert)
    for alert in muted:
        alert.withheld = _withheld(alert, kind)
    _keep_withheld(muted)
    _mute([alert for alert in muted if not alert.muted_until], mutes, at=at, actor=actor)
    _post(told, kind)


def tell_withheld(alerts: Sequence[Alert], *, at: datetime, actor: str) -> None:
    """Tell what was withheld of alerts that nobody has any more, unless they rest still."""
    for kind, them in _by_kind(alerts).items():
        tell(them, kind, at=at, actor=actor)


@transaction.atomic
def settle_mutes(*, at: datetime, actor: str) -> int:
    """Mute what is covered at `at`, and tell what is muted no more; return how many were moved.

    Of what opened meanwhile it is told that it did, if it is open still. A rest whose end nobody
    saw is over, also where another has begun since. What somebody else moves at this moment is
    left for the next time.
    """
    marked = _locked(Alert.objects.filter(muted_until__isnull=False))
    mutes = read_mutes(min([at, *(alert.muted_until for alert in marked if alert.muted_until)]))
    over, longer = _ended(marked, mutes, at)
    if over:
        _unmute(over, at=at, actor=actor)
    covered = _locked(_covered(mutes.in_effect(at)).filter(muted_until=None))
    _mute([*longer, *covered], mutes, at=at, actor=actor)
    moved = len(over) + len(longer) + len(covered)
    if moved:
        publish("alerts")
    return moved


def _locked(alerts: AlertQuerySet) -> list[Alert]:
    # A poll locks alerts rule by rule; waiting for one while holding another may be a deadlock.
    return list(alerts.select_for_update(no_key=True, skip_locked=True).order_by("id"))


def _withheld(alert: Alert, kind: DeliveryKind) -> str:
    """Return what is owed of a muted alert, now that this became of it."""
    never_told = alert.withheld == DeliveryKind.OPENED
    return DeliveryKind.OPENED if never_told and kind != DeliveryKind.RESOLVED else kind


def _keep_withheld(alerts: Sequence[Alert]) -> None:
    for kind in {alert.withheld for alert in alerts}:
        them = [alert.pk for alert in alerts if alert.withheld == kind]
        Alert.objects.filter(pk__in=them).update(withheld=kind)


def _ended(marked: Iterable[Alert], mutes: Mutes, at: datetime) -> tuple[list[Alert], list[Alert]]:
    """Return whose rest is over by `at`, and whose rest ends at another moment than is told."""
    over, other = [], []
    for alert in marked:
        assert alert.muted_until
        until = mutes.until(alert, min(at, alert.muted_until))
        if until is None or until <= at:
            over.append(alert)
        elif until != alert.muted_until:
            other.append(alert)
    return over, other


def _covered(mutes: Sequence[Mute]) -> AlertQuerySet:
    """Return the active alerts that any of `mutes` covers."""
    if not mutes:
        return Alert.objects.none()
    if not all(mute.scope for mute in mutes):
        return Alert.objects.active()
    covered = Q()
    for mute in mutes:
        covered |= Q(**mute.scope)
    return Alert.objects.active().filter(covered)


def _mute(alerts: Sequence[Alert], mutes: Mutes, *, at: datetime, actor: str) -> None:
    ends: dict[datetime, list[Alert]] = defaultdict(list)
    for alert in alerts:
        until = mutes.until(alert, at)
        if until is not None:
            ends[until].append(alert)
    for until, them in ends.items():
        Alert.objects.filter(pk__in=[alert.pk for alert in them]).update(muted_until=until)
        snoozed = [alert for alert in them if not alert.withheld and _is_snoozed(alert, mutes, at)]
        for alert in snoozed:
            alert.withheld = DeliveryKind.REMINDER
        _keep_withheld(snoozed)
        notes = {alert.pk: mutes.words(alert, at) for alert in them}
        after = {"muted_until": until.isoformat()}
        record(them, Happened(verb="muted", at=at, actor=actor, after=after), notes)


def _is_snoozed(alert: Alert, mutes: Mutes, at: datetime) -> bool:
    return any(mute.key for mute in mutes.over(alert, at))


def _unmute(alerts: Sequence[Alert], *, at: datetime, actor: str) -> None:
    ids = [alert.pk for alert in alerts]
    Alert.objects.filter(pk__in=ids).update(muted_until=None, damped_until=None)
    Alert.objects.filter(pk__in=ids).open().update(**waits_since(at))
    standing = [alert for alert in alerts if not alert.is_resolved]
    record(standing, Happened(verb="unmuted", at=at, actor=actor))
    # Of one that somebody has it is told when nobody has it any more.
    free = [alert for alert in alerts if alert.state != State.ACKNOWLEDGED]
    for kind, them in _by_kind(free).items():
        _post(them, kind)


def _by_kind(alerts: Iterable[Alert]) -> dict[DeliveryKind, list[Alert]]:
    kinds: dict[DeliveryKind, list[Alert]] = defaultdict(list)
    for alert in alerts:
        if alert.withheld:
            kinds[DeliveryKind(alert.withheld)].append(alert)
    return kinds


def _post(alerts: Sequence[Alert], kind: DeliveryKind) -> None:
    owed = [alert for alert in alerts if alert.withheld]
    for alert in owed:
        alert.withheld = ""
    _keep_withheld(owed)
    if alerts:
        POSTS[kind](alerts)
