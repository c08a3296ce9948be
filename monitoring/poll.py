"""Read CC&B, store what it shows, and judge it; never two of these at once."""

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from alerts.lifecycle import Outcome, reconcile
from alerts.queries import unsettled_of_rules
from batchops.ccb.client import read_snapshot
from batchops.ccb.errors import CcbError
from batchops.ccb.snapshot import Snapshot
from batchops.db import database_now, session_lock
from batchops.errors import BatchOpsError
from batchops.live.publish import publish
from monitoring import lifecycle, queries
from monitoring.errors import CircuitOpen, PollBroke, PollRunning
from monitoring.judge import judge_runs
from monitoring.lifecycle import Asked
from monitoring.models import Poll
from monitoring.outside import tell_outside
from monitoring.reading import settle_clock
from monitoring.rules import source

LOCK = "monitoring.poll"

logger = logging.getLogger(__name__)


def poll_if_due() -> Poll | None:
    """Make the poll that is due, if one is and no other process is at it; return it, or None."""
    with session_lock(LOCK) as held:
        due = queries.due_poll(database_now()) if held else None
        return _poll(Asked(due.slot, due.asked_by, database_now())) if due else None


def poll_now(*, actor: str) -> Poll:
    """Make a poll at once, outside the schedule, and return it, good or failed.

    :raises PollRunning: when another process is at one.
    :raises CircuitOpen: when CC&B refused our login and nobody said "try again".
    """
    with session_lock(LOCK) as held:
        if not held:
            raise PollRunning("CC&B is being read at this moment. Try again in a minute.")
        if queries.source().circuit_opened_at:
            raise CircuitOpen(
                "CC&B refused our login, and another try could lock the account. Mend the "
                "account or CCB_URL, then press Try again (or give --try-again)."
            )
        return _poll(Asked(None, actor, database_now()))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector off what lives to the end; its looks took a quarter."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@_uncollected()
def read(asked: Asked) -> Snapshot:
    """Return what CC&B holds now of what may have changed since the last good poll.

    :raises CcbError: when it cannot be read.
    """
    at, last, config = asked.started_at, queries.last_good_poll(), queries.monitoring_config()
    since = queries.read_since(at, last, config)
    snapshot = read_snapshot(
        since=since,
        details_since=queries.details_since(since, at),
        keys=queries.unsettled_keys(at, config, queries.source().watching_since),
        deadline=settings.CCB_DEADLINE,
    )
    expected = queries.source_clock(database_now(), last)
    return settle_clock(snapshot, expected=expected, zone=settings.SITE_ZONE)


@_uncollected()
def store(snapshot: Snapshot, asked: Asked) -> Poll:
    """Store a reading and judge what it changed, all or nothing; return the poll.

    :raises SnapshotOutdated: when a reading that began later is stored already.
    """
    with transaction.atomic():
        at = database_now()
        recorded = lifecycle.record_poll(snapshot, asked=asked, at=at)
        judge_runs(recorded, at=at)
    poll = recorded.poll
    logger.info(
        "Batch Monitoring poll: %d runs read, %d changed, %s IMD pending, took %.1f s",
        poll.runs_read,
        poll.runs_changed,
        poll.pending_imd,
        poll.took_s,
    )
    return poll


def judge_source(at: datetime) -> Outcome:
    """Open or resolve SOURCE_STALE as things stand at `at`; also when polls do not even run."""
    fresh = queries.freshness(at)
    silent = fresh.silent
    findings = source.source_silent(_source_facts(fresh), zone=settings.SITE_ZONE) if silent else []
    if fresh.told_stale != fresh.stale:
        lifecycle.note_staleness(stale=fresh.stale)
    # Every two seconds, and of hardly any of them there is something to say.
    if not findings and not unsettled_of_rules(["SOURCE_STALE"]):
        return Outcome()
    with transaction.atomic():
        outcome = reconcile(
            "SOURCE_STALE",
            findings,
            at=at,
            actor="system:watch",
            reasons={"ccb": source.OVER[silent]},
        )
        if outcome:
            publish("workflow")
    return outcome


def _poll(asked: Asked) -> Poll:
    try:
        poll = store(read(asked), asked)
    except CcbError as error:
        poll = _store_failure(asked, error)
    except Exception:
        # Whatever else goes wrong, the slot must count as tried, or it would be tried each second.
        _store_failure(asked, PollBroke("The poll itself failed; the log of watch says where."))
        raise
    judge_source(database_now())
    if poll.succeeded:
        tell_outside()
    return poll


def _store_failure(asked: Asked, error: BatchOpsError) -> Poll:
    logger.warning("Batch Monitoring poll failed (%s): %s", error.code, error.message)
    return lifecycle.record_failed_poll(error, asked=asked, at=database_now())


def _source_facts(fresh: queries.Freshness) -> source.SourceFacts:
    failed = fresh.last if fresh.last and not fresh.last.succeeded else None
    return source.SourceFacts(
        seen_at=fresh.seen_at,
        stale_after_s=fresh.stale_after.total_seconds(),
        circuit_opened_at=fresh.circuit_opened_at,
        login_refused=fresh.login_refused,
        last_error=fresh.circuit_message or (failed.error_message if failed else ""),
        url=reverse("admin:runs"),
    )
