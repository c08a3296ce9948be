"""Say of each trouble what happened and what to do; nothing is said of what is well."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from alerts.standings import Standing
from batchops.cluster.queries import Cluster, Queue
from batchops.cluster.ticks import CLUSTERS, ClusterName
from batchops.looks import Tone
from batchops.sizes import Database
from batchops.templatetags.batchops import ago, duration
from jobs.queries import InHand
from monitoring.queries import Freshness

CLEANED_WITHIN = timedelta(hours=1)
CLOCK_OFF_S = 60


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong and what to do about it, with the page on which to do it if there is one."""

    tone: Tone
    text: str
    href: str = ""


def of_workers(clusters: list[Cluster], queues: list[Queue], held: list[InHand]) -> list[Trouble]:
    """Return what is wrong with clusters, bells and leases."""
    living = {each.part for each in clusters if each.state != "unknown" and each.workers}
    missing = [_missing(part) for part in CLUSTERS if part not in living]
    silent = [_silent(each) for each in clusters if each.state != "alive"]
    waiting = [_waiting(queue) for queue in queues if queue.cluster in living and _stands(queue)]
    return [*missing, *silent, *waiting, *_lost(held)]


def of_source(fresh: Freshness) -> list[Trouble]:
    """Return what is wrong with the reading of CC&B."""
    if not fresh.configured:
        said = gettext("CC&B is not watched: set CCB_URL to its address and restart.")
        return [Trouble("unknown", said)]
    return [*_refused(fresh), *_stale(fresh), *_last_failed(fresh), *_clock_off(fresh)]


def of_channels(standings: Iterable[Standing]) -> list[Trouble]:
    """Return which channels tell nobody, and what was given up."""
    return [trouble for each in standings for trouble in _of_channel(each)]


def of_storage(
    database: Database, cleaned: Mapping[str, datetime | None], *, at: datetime
) -> list[Trouble]:
    """Return whether connections run out, and which clean-ups (by title) are overdue."""
    overdue = [
        _not_cleaned(title, done_at, at=at)
        for title, done_at in cleaned.items()
        if done_at is None or at - done_at > CLEANED_WITHIN
    ]
    return [*_crowded(database), *overdue]


def _missing(part: ClusterName) -> Trouble:
    undone = {
        "jobs": gettext("no job goes on"),
        "watch": gettext("CC&B is not read, no alert is told, and nothing that stands is repaired"),
    }
    said = gettext(
        "No worker of the '%(part)s' cluster is known to be alive: until one is, %(undone)s. "
        "Start one with `manage.py cluster %(part)s`."
    )
    return Trouble("bad", said % {"part": part, "undone": undone[part]})


def _silent(cluster: Cluster) -> Trouble:
    said = gettext(
        "The '%(part)s' cluster on %(host)s (process %(pid)d) has given no sign since %(at)s: it "
        "hangs, was killed, or does not reach the database. Look at that process and its log; if "
        "it is gone, start it with `manage.py cluster %(part)s`."
    )
    named = {"part": cluster.part, "host": cluster.host, "pid": cluster.pid}
    tone: Tone = "warn" if cluster.state == "late" else "unknown"
    return Trouble(tone, said % {**named, "at": clock_time(cluster.beat_at)})


def clock_time(at: datetime) -> str:
    """Write a moment to the second on the reader's clock, for a sentence."""
    return date_format(timezone.localtime(at), "j M H:i:s")


def _stands(queue: Queue) -> bool:
    limit_s = settings.CLUSTER_WEDGED_AFTER.total_seconds()
    return queue.oldest_waiting_s is not None and queue.oldest_waiting_s > limit_s


def _waiting(queue: Queue) -> Trouble:
    said = gettext(
        "A call has waited %(time)s for a worker of the '%(part)s' cluster: all are busy. If that "
        "stays so, give it more workers (%(setting)s) or start another cluster."
    )
    setting = f"{queue.cluster.upper()}_WORKERS"
    named = {"time": duration(queue.oldest_waiting_s), "part": queue.cluster, "setting": setting}
    return Trouble("warn", said % named)


def _lost(held: Iterable[InHand]) -> Iterable[Trouble]:
    if lost := sum(one.lost for one in held):
        said = gettext(
            "%(n)d of the pieces of work in hand were not renewed in time. They are taken back "
            "and done again within a minute; if they stay, start a cluster, for it is what does so."
        )
        yield Trouble("warn", said % {"n": lost})


def _refused(fresh: Freshness) -> Iterable[Trouble]:
    if fresh.circuit_opened_at:
        said = gettext(
            "CC&B refused the login %(ago)s (%(why)s). No poll tries again, so that the account is "
            "not locked: mend it, then press Try again on the page of runs."
        )
        opened = ago(fresh.at - fresh.circuit_opened_at)
        named = {"ago": opened, "why": fresh.circuit_message}
        yield Trouble("bad", said % named, reverse("admin:runs"))


def _stale(fresh: Freshness) -> Iterable[Trouble]:
    if fresh.stale and fresh.seen_at is None:
        said = gettext(
            "CC&B has not been read yet, so all about it is unknown. Press Poll now, or check "
            "CCB_URL with `manage.py ccb_check`."
        )
        yield Trouble("unknown", said, reverse("admin:runs"))
    elif fresh.stale and fresh.seen_at:
        said = gettext(
            "CC&B was last read %(ago)s, which is too long ago: what runs there now is unknown. "
            "See below why polls fail, check with `manage.py ccb_check`, then press Poll now."
        )
        yield Trouble(
            "unknown", said % {"ago": ago(fresh.at - fresh.seen_at)}, reverse("admin:runs")
        )


def _last_failed(fresh: Freshness) -> Iterable[Trouble]:
    if fresh.last and not fresh.last.succeeded and not fresh.circuit_opened_at:
        said = gettext("The last poll failed: %(why)s The next one tries again by itself.")
        yield Trouble("warn", said % {"why": fresh.last.error_message})


def _clock_off(fresh: Freshness) -> Iterable[Trouble]:
    off_s = fresh.last_good.source_offset_s if fresh.last_good else None
    if off_s is not None and abs(off_s) > CLOCK_OFF_S and not fresh.simulated:
        said = gettext(
            "CC&B's clock and ours are %(time)s apart. Times are shown as CC&B tells them; let "
            "both machines set their clocks by the same server (NTP)."
        )
        yield Trouble("warn", said % {"time": duration(abs(off_s))})


def _of_channel(standing: Standing) -> Iterable[Trouble]:
    channel, health = standing.channel, standing.health
    if channel and channel.enabled:
        href = reverse("admin:alerts_channel_change", args=[channel.pk])
        if channel.missing:
            said = gettext("Channel %(name)s tells nobody: set %(settings)s and restart.")
            named = {"name": channel.name, "settings": ", ".join(channel.missing)}
            yield Trouble("warn", said % named)
        elif not channel.is_ready:
            said = gettext("Channel %(name)s tells nobody: give it an address, or switch it off.")
            yield Trouble("warn", said % {"name": channel.name}, href)
        elif health and health.is_failing:
            said = gettext(
                "Channel %(name)s does not get through: %(why)s Mend it and save it, and what "
                "waits is sent at once."
            )
            yield Trouble("bad", said % {"name": channel.name, "why": health.sentence}, href)
    if standing.queue.given_up:
        yield _given_up(standing)


def _given_up(standing: Standing) -> Trouble:
    said = gettext(
        "%(n)d messages of %(whose)s were given up in the last 24 h. When the cause is gone, have "
        "them tried again in the list of deliveries."
    )
    whose = standing.channel.name if standing.channel else gettext("people's own notices")
    href = reverse("admin:alerts_delivery_changelist") + "?state__exact=given_up"
    return Trouble("bad", said % {"n": standing.queue.given_up, "whose": whose}, href)


def _crowded(database: Database) -> Iterable[Trouble]:
    if database.is_crowded:
        said = gettext(
            "%(n)d of %(most)d connections of the database server are in use; when none is left, "
            "pages and workers fail. Raise max_connections, or run fewer processes."
        )
        named = {"n": database.connected, "most": database.connectable}
        yield Trouble("warn", said % named)


def _not_cleaned(title: str, done_at: datetime | None, *, at: datetime) -> Trouble:
    if done_at is None:
        said = gettext(
            "%(title)s: no clean-up has been finished yet. The 'watch' cluster begins one every "
            "few minutes; if this stays, start one with `manage.py cluster watch`."
        )
        return Trouble("unknown", said % {"title": title})
    said = gettext(
        "%(title)s: what is too old was last removed %(ago)s, and it should be every few minutes. "
        "See that the 'watch' cluster runs, and look in its log for what fails."
    )
    return Trouble("warn", said % {"title": title, "ago": ago(at - done_at)})
