"""Hear bells at once: django-q2's broker looks for them only a few times a second."""

import time
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf

CHANNEL = "batchops_bell_"


class HearingBroker(ORM):  # type: ignore[misc]
    """Wait for a notification where the parent sleeps; one that is lost costs that sleep."""

    _heard_by: Any = None

    @staticmethod
    def get_connection(list_key: str | None = None) -> Any:
        """Return the bells, the one that has waited longest first; else it might wait for ever."""
        return ORM.get_connection(list_key).order_by("lock", "id")

    def dequeue(self) -> list[tuple[int, str]] | None:
        """Return the bells taken; None when there was none for `poll` seconds, or one just rang.

        None as well while the database is away: of an error django-q2's pusher ends, after 10 s.
        """
        try:
            return self._take_or_wait()
        except (OperationalError, InterfaceError):
            connection.close()
            time.sleep(Conf.POLL)
        return None

    def _take_or_wait(self) -> list[tuple[int, str]] | None:
        if self.get_connection().filter(key=self.list_key, lock__lt=timezone.now()).exists():
            taken: list[tuple[int, str]] | None = super().dequeue()
            return taken
        self._wait()
        return None

    def _wait(self) -> None:
        connection.ensure_connection()
        session = connection.connection
        if session is not self._heard_by:
            # Whoever rang before this is found by looking once more.
            with connection.cursor() as cursor:
                cursor.execute(f'LISTEN "{CHANNEL}{self.list_key}"')
            self._heard_by = session
            return
        with connection.wrap_database_errors:
            for _ in session.notifies(timeout=Conf.POLL, stop_after=1):
                pass
