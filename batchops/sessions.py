"""Keep people's sessions in the database: each ends when unused, and after a day's work anyhow.

The row's date of expiry is the end of its idle time; each use, an open socket among them, moves it
on. When it began stands in the session itself.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

BEGAN_AT = "began_at"


class SessionStore(db.SessionStore):
    """A session that counts its uses and knows its age."""

    def load(self) -> dict[str, Any]:
        kept = self._get_session_from_db()  # type: ignore[attr-defined]
        if kept is None:
            return {}
        data: dict[str, Any] = self.decode(kept.session_data)
        now = timezone.now()
        if now.timestamp() >= ends_at(data):
            self.delete(kept.session_key)
            self._session_key = None
            return {}
        if kept.expire_date < _due_before(now):
            keep_alive([kept.session_key], at=now)
        return data

    def create(self) -> None:
        self.clear_expired()
        super().create()

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        if SESSION_KEY in data:
            data.setdefault(BEGAN_AT, timezone.now().timestamp())
        return super().create_model_instance(data)


def ends_at(data: dict[str, Any]) -> float:
    """Return when a session ends however much it is used, in seconds since 1970."""
    life_s: float = settings.SESSION_LIFE.total_seconds()
    began_at: float = data.get(BEGAN_AT, float("inf"))
    return began_at + life_s


def keep_alive(keys: Collection[str], *, at: datetime) -> None:
    """Note that living sessions are used; of each at most 60 times in its idle time."""
    due = Session.objects.filter(
        session_key__in=keys, expire_date__gt=at, expire_date__lt=_due_before(at)
    )
    due.update(expire_date=at + _idle())


def end_sessions(user_ids: Collection[int], *, at: datetime) -> int:
    """End all sessions of some people; return how many there were."""
    theirs = {str(user_id) for user_id in user_ids}
    living = Session.objects.filter(expire_date__gt=at)
    keys = [one.pk for one in living.iterator() if one.get_decoded().get(SESSION_KEY) in theirs]
    return Session.objects.filter(pk__in=keys).delete()[0]


def _due_before(at: datetime) -> datetime:
    """Return before which end a session's use at `at` is to be noted.

    A page asks for much at once, and each request must not write a row.
    """
    return at + _idle() * 59 / 60


def _idle() -> timedelta:
    return timedelta(seconds=settings.SESSION_COOKIE_AGE)
