"""Tell that a job has ended, in the transaction that ends it: by alerts, and by mail."""

from typing import Any

from django.conf import settings
from django.template.defaultfilters import capfirst
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from alerts import evidence
from alerts.lifecycle import Event, Reader, Told, post_event, post_notice, reconcile_keys
from alerts.queries import active_keys, active_rules
from batchops.db import database_now
from batchops.templatetags.batchops import duration
from jobs import rules, states
from jobs.models import Job, JobWatch
from jobs.queries.judging import facts_of

ACTOR = "system:jobs"
VIEW = "jobs.view_job"
# Which wish of a watch each end fulfils.
FULFILS = {
    states.COMPLETED: "on_completed",
    states.COMPLETED_WITH_ERRORS: "on_failed",
    states.FAILED: "on_failed",
    states.CANCELLED: "on_cancelled",
}


def tell_end(job: Job) -> None:
    """Open and resolve the alerts that a job's end decides, and put mails into the outbox.

    The caller has locked the job's row and ended it.
    """
    _judge(job)
    _mail(job)
    _tell_programs(job)


def _judge(job: Job) -> None:
    found = rules.at_end(facts_of(job))
    over = {rules.key_of(job.pk): rules.OVER[job.state]}
    judged = dict.fromkeys(active_rules(rules.key_of(job.pk), rules.SETTLED_BY_END), over)
    judged |= dict.fromkeys(found, over)
    if job.state == states.COMPLETED and job.succeeded:  # nothing done proves nothing
        like = active_keys(rules.WITH_ERRORS, batch_code=job.type)
        if like:
            judged[rules.WITH_ERRORS] = dict.fromkeys(like, rules.OVER_FOR_LIKE) | over
    at = database_now()
    for rule in sorted(judged):  # one order of turns, so that two ends never wait for each other
        findings = [found[rule]] if rule in found else []
        reconcile_keys(rule, findings, judged=judged[rule], at=at, actor=ACTOR)


def _mail(job: Job) -> None:
    readers = _readers(job)
    if not readers:
        return
    post_notice(
        key=f"job {job.pk} {job.generation} {job.state}",
        subject=_subject(job),
        lines=_lines(job),
        url=reverse("admin:job", args=[job.pk]),
        to=readers,
    )


def _tell_programs(job: Job) -> None:
    post_event(
        key=f"ended job {job.pk} {job.generation} {job.state}",
        told=Told(
            name="job.ended",
            event=Event(type=job.type, is_bad=FULFILS[job.state] == "on_failed"),
            facts=_facts(job),
        ),
        subject=_subject(job),
        lines=_lines(job),
        url=lambda: reverse("admin:job", args=[job.pk]),
    )


def _subject(job: Job) -> str:
    ended = gettext(states.LOOKS[job.state].label).lower()
    return gettext("Batch job %(ended)s: %(title)s") % {"ended": ended, "title": job.title}


def _facts(job: Job) -> dict[str, Any]:
    """Return what programs are told of an ended job; docs/channels.md describes it."""
    return {
        "id": job.pk,
        "type": job.type,
        "title": job.title,
        "state": job.state,
        "generation": job.generation,
        "items_total": job.items_total or 0,
        "succeeded": job.succeeded,
        "failed": job.failed,
        "cancelled": job.cancelled,
        "started_at": job.started_at.isoformat() if job.started_at else None,
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
    }


def _readers(job: Job) -> list[str | Reader]:
    watches = JobWatch.objects.filter(**{FULFILS[job.state]: True}).select_related("user")
    wanted = list(watches.filter(job=job).union(watches.filter(job=None, type=job.type)))
    people = {watch.user_id for watch in wanted if watch.user_id is not None}
    addresses = {watch.address for watch in wanted if watch.address}
    return [*(Reader(user_id, VIEW) for user_id in sorted(people)), *sorted(addresses)]


def _lines(job: Job) -> list[str]:
    """Return what a mail says of an ended job: facts, nobody's name and no item's data."""
    counts = {
        gettext("items"): job.items_total,
        gettext("succeeded"): job.succeeded,
        gettext("failed"): job.failed,
        gettext("cancelled"): job.cancelled,
    }
    told = [
        f"{gettext('Type')}: {job.type}",
        capfirst(", ".join(f"{name}: {n or 0:,}" for name, n in counts.items())),
    ]
    if job.finished_at is not None:
        # Whoever cancelled it may look at the console by another clock.
        with timezone.override(settings.SITE_ZONE):
            told.append(f"{gettext('Ended')}: {evidence.moment(job.finished_at)}")
    if job.finished_at is not None and job.started_at is not None:
        took = (job.finished_at - job.started_at).total_seconds()
        told.append(f"{gettext('Took')}: {duration(took)}")
    return told
