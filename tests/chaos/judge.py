"""Wait until a site is quiet, then ask SQL, the API, the sockets and the mails what is broken."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
from django.db import DatabaseError, connection
from websockets.exceptions import WebSocketException

from batchops.house.postgres import SUPERUSER
from tests.alerts.mailbox import Mailbox
from tests.chaos.life import Life
from tests.chaos.watchers import Watcher, differences, snapshot
from tests.faults.site import Site
from tests.jobs.harness import checks
from tests.unguarded import unguarded

INVARIANTS = Path(__file__).parent / "invariants.sql"
# So long nothing may move while something is not done yet: longer than the 45 s after which a mail
# whose sender died is taken back. A busy machine takes longer in all.
STANDS_STILL_AFTER_S, LONGEST_S = 75, 400
MOVED_SQL = """
    SELECT (SELECT max(id) FROM jobs_jobevent), (SELECT sum(succeeded + failed) FROM jobs_job),
           (SELECT count(*) FROM alerts_deliveryattempt)
"""
# What must not be waiting for anybody any more.
UNQUIET_SQL = """
    SELECT (SELECT count(*) FROM jobs_job WHERE finished_at IS NULL) AS jobs,
           (SELECT count(*) FROM jobs_job WHERE summarised_at IS NULL) AS summaries,
           (SELECT count(*) FROM jobs_claim) AS claims,
           (SELECT count(*) FROM alerts_delivery
             WHERE state IN ('pending', 'sending', 'failed')) AS deliveries
"""
JOBS_SQL = "SELECT title, count(*), min(id) FROM jobs_job WHERE title LIKE 'chaos-%' GROUP BY title"
MAILS_SQL = """
    SELECT message_id, max(attempts), bool_or(state IN ('sent', 'partly'))
      FROM alerts_delivery AS d LEFT JOIN alerts_channel AS c ON c.id = d.channel_id
     WHERE message_id <> '' AND coalesce(c.kind, 'email') = 'email' GROUP BY message_id
"""
COUNTS_SQL = """
    SELECT (SELECT count(*) FROM jobs_job),
           (SELECT count(*) FROM harness_result),
           (SELECT count(*) FROM jobs_jobevent WHERE verb = 'retry'),
           (SELECT count(*) FROM jobs_jobevent WHERE verb = 'refuse'),
           (SELECT count(*) FROM batch_monitoring_alerts),
           (SELECT count(*) FROM alerts_delivery),
           (SELECT count(*) FROM alerts_deliveryattempt WHERE outcome NOT IN ('sent', 'partly')),
           (SELECT count(*) FROM monitoring_poll WHERE succeeded),
           (SELECT count(*) FROM monitoring_poll WHERE NOT succeeded)
"""
COUNTED = (
    "jobs", "results of items", "retries", "late reports refused", "alerts", "deliveries",
    "tries that failed", "good polls", "failed polls",
)  # fmt: skip
EMPTY_SQL = """
    TRUNCATE jobs_job, jobs_jobday, batch_monitoring_alerts, alerts_notice, alerts_channelhealth,
             harness_result, harness_violation CASCADE
"""


class Judge:
    """What judges one site after each plan; the mails that left it are in `mailbox`."""

    def __init__(self, site: Site, mailbox: Mailbox) -> None:
        self._site = site
        self._mailbox = mailbox

    def begin(self) -> None:
        """Remove what earlier plans left in the site and in the mailbox."""
        # Nobody else may empty the tables of events, not even their owner.
        with self._site.orm(SUPERUSER), unguarded(), connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '10s'")
            cursor.execute(EMPTY_SQL)
        self._mailbox.mails.clear()

    def verdict(self, life: Life, watchers: list[Watcher]) -> dict[str, Any]:
        """Return what is broken, by name; empty when all is whole."""
        self._wait_until_quiet(life)
        with self._site.orm():
            broken: dict[str, Any] = {
                **checks.broken_invariants(),
                **checks.broken_invariants(file=INVARIANTS),
            }
            found = {
                "everything_came_to_an_end": self._unquiet(),
                "each_accepted_start_made_one_job": _lost_jobs(life),
                "mails_are_accounted_for": _unaccounted(self._mailbox),
            }
        found["answers_were_right"] = life.wrong
        found["the_api_tells_how_jobs_ended"] = self._untrue(life)
        found["screens_show_what_is_so"] = self._untold(watchers)
        found["screens_never_ran_backwards"] = [each for w in watchers for each in w.wrong]
        return broken | {name: what for name, what in found.items() if what}

    def count(self, life: Life, watchers: list[Watcher]) -> Counter[str]:
        """Return how much there was of what."""
        with self._site.orm(), connection.cursor() as cursor:
            cursor.execute(COUNTS_SQL)
            seen = Counter(dict(zip(COUNTED, cursor.fetchone(), strict=True)))
        seen["mails that arrived"] = len(self._mailbox.mails)
        seen["frames"] = sum(watcher.frames for watcher in watchers)
        seen["connections of sockets"] = sum(watcher.connects for watcher in watchers)
        return seen

    def _wait_until_quiet(self, life: Life) -> None:
        """Wait, as whoever keeps the machines would; what never comes is told as broken."""
        last: tuple[Any, ...] = ()
        moved_at = began_at = time.monotonic()
        while time.monotonic() - moved_at < STANDS_STILL_AFTER_S:
            self._site.tend()
            if life.ask_again() and not self._asked_unquiet():
                return
            if (now := self._site.ask(MOVED_SQL)) != last:
                last, moved_at = now, time.monotonic()
            if time.monotonic() - began_at > LONGEST_S:
                return
            time.sleep(0.25)

    def _asked_unquiet(self) -> dict[str, int]:
        try:
            with self._site.orm():
                return self._unquiet()
        except (DatabaseError, psycopg.Error) as error:
            return {f"no database: {error}": 1}

    def _unquiet(self) -> dict[str, int]:
        with connection.cursor() as cursor:
            cursor.execute(UNQUIET_SQL)
            names = [column.name for column in cursor.description]
            counts = zip(names, cursor.fetchone(), strict=True)
        return {name: count for name, count in counts if count}

    def _untrue(self, life: Life) -> list[str]:
        """Return the jobs of which the API says something else than their rows do."""
        with self._site.orm(), connection.cursor() as cursor:
            cursor.execute("SELECT id, state, succeeded FROM jobs_job")
            rows = {job: (state, succeeded) for job, state, succeeded in cursor.fetchall()}
        untrue = []
        for job in filter(None, life.jobs.values()):
            code, answer = self._site.request("GET", f"/api/batch-jobs/{job}")
            data = answer.get("data", {})
            if (code, data.get("outcome"), data.get("successCount")) != (200, *rows.get(job, ())):
                untrue.append(f"{job}: {code} {answer}, but {rows.get(job)}")
        return untrue

    def _untold(self, watchers: list[Watcher]) -> list[str]:
        """Return what screens show and is not so, after the 10 s that they have to hear of it."""
        ends_at = time.monotonic() + 10
        wrong = ["nobody could look"]
        while wrong and time.monotonic() < ends_at:
            topics = {topic for watcher in watchers for topic in watcher.wanted}
            try:
                wrong = differences(watchers, snapshot(self._site, topics))
            except (OSError, WebSocketException, TimeoutError) as error:
                wrong = [f"no socket: {error!r}"]
            time.sleep(0.2)
        return wrong


def _lost_jobs(life: Life) -> list[str]:
    """Return the starts that made no job, another one than was said, or several."""
    with connection.cursor() as cursor:
        cursor.execute(JOBS_SQL)
        made = {title: (count, job) for title, count, job in cursor.fetchall()}
    wrong = [
        f"{key} was answered {job}, made {made.get(key)}"
        for key, job in life.jobs.items()
        if made.get(key) != (1, job)
    ]
    return wrong + [f"{key} was never answered" for key in made.keys() - life.jobs.keys()]


def _unaccounted(mailbox: Mailbox) -> list[str]:
    """Return the mails that nobody owed, that say they were sent and came not, or came too often.

    One comes more often than once only when tries failed or their end is unknown.
    """
    came = Counter(str(mail["Message-ID"]) for mail in mailbox.mails)
    with connection.cursor() as cursor:
        cursor.execute(MAILS_SQL)
        owed = {name: (tries, sent) for name, tries, sent in cursor.fetchall()}
    lost = [name for name, (_, sent) in owed.items() if sent and not came[name]]
    doubled = [name for name, count in came.items() if count > owed.get(name, (count, True))[0]]
    return [f"{name} was sent and never came" for name in lost] + [
        f"{name} came {came[name]} times, tried {owed[name][0]} times" for name in doubled
    ]
