"""Say which alerts are muted, by what and until when."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils.translation import gettext

from alerts.models import Alert, MaintenanceWindow, Mute, Silence
from alerts.states import FLAPPING_WITHIN

MOST_IN_A_ROW = 50  # muted times that follow one another; beyond, the end is found later


class Mutes:
    """The silences and windows that may bear on alerts, read once."""

    def __init__(self, mutes: Iterable[Mute]) -> None:
        self._mutes = list(mutes)
        self._ends: dict[tuple[Mute, datetime], datetime | None] = {}

    def over(self, alert: Alert, moment: datetime) -> list[Mute]:
        """Return what mutes `alert` at `moment`."""
        return [m for m in self._mutes if m.covers(alert) and self._end(m, moment)]

    def in_effect(self, moment: datetime) -> list[Mute]:
        """Return what mutes any alert at `moment`."""
        return [mute for mute in self._mutes if self._end(mute, moment)]

    def until(self, alert: Alert, moment: datetime) -> datetime | None:
        """Return when the rest of `alert` that holds `moment` ends; None when none holds it.

        Rests that meet or overlap are one. One that flaps rests by itself for a while.
        """
        ends_at = None
        for _ in range(MOST_IN_A_ROW):
            here = ends_at or moment
            ends = [self._end(mute, here) for mute in self._mutes if mute.covers(alert)]
            if alert.damped_until and here < alert.damped_until:
                ends.append(alert.damped_until)
            later = [end for end in ends if end]
            if not later:
                break
            ends_at = max(later)
        return ends_at

    def words(self, alert: Alert, moment: datetime) -> str:
        """Return why `alert` is muted at `moment`; empty when nothing mutes it."""
        said = [mute.words for mute in self.over(alert, moment)]
        if alert.damped_until and moment < alert.damped_until:
            said.append(flapping_words(alert))
        return "; ".join(said)

    def _end(self, mute: Mute, moment: datetime) -> datetime | None:
        asked = (mute, moment)
        if asked not in self._ends:
            self._ends[asked] = mute.until(moment)
        return self._ends[asked]


def flapping_words(alert: Alert) -> str:
    """Return that an alert's subject opens again and again."""
    hours = int(FLAPPING_WITHIN.total_seconds() // 3600)
    said = gettext("it flaps: it opened %(n)d times in %(hours)d h")
    return said % {"n": alert.openings, "hours": hours}


def read_mutes(since: datetime) -> Mutes:
    """Read the windows that are on, and the silences that are not over by `since`."""
    silences: Sequence[Mute] = list(Silence.objects.filter(until_at__gt=since).order_by("id"))
    windows: Sequence[Mute] = list(MaintenanceWindow.objects.filter(enabled=True).order_by("id"))
    return Mutes([*silences, *windows])
