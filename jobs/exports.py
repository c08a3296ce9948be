"""Describe jobs and items as the columns of a file."""

from django.utils.translation import gettext as _

from batchops.exports import Column, Export
from jobs import queries
from jobs.models import Job


def jobs_export(wanted: queries.JobFilter) -> Export:
    """Return the jobs that match, newest first, as an export."""
    found = wanted.apply(queries.jobs()).order_by("-created_at", "-pk")
    return Export.of(found, name="batch-jobs", columns=_job_columns())


def items_export(job: Job, *, state: str = "", search: str = "", hidden: bool = False) -> Export:
    """Return a job's items by position as an export: all, or those that a list of them shows.

    Their params and results are left out if they are `hidden` from who asks.
    """
    found = queries.items_of(job.pk, state=state, search=search).order_by("position")
    name = f"batch-job-{job.pk}-items"
    left_out = {_("Params"), _("Result")} if hidden else set()
    columns = [one for one in _item_columns() if one.title not in left_out]
    return Export.of(found, name=name, columns=columns)


def _job_columns() -> list[Column]:
    return [
        Column(_("Id"), lambda job: job.pk),
        Column(_("Type"), lambda job: job.type),
        Column(_("Title"), lambda job: job.title),
        Column(_("Campaign"), lambda job: job.campaign_id),
        Column(_("External id"), lambda job: job.external_id),
        Column(_("State"), lambda job: job.state),
        Column(_("Priority"), lambda job: job.priority),
        Column(_("Generation"), lambda job: job.generation),
        Column(_("Items"), lambda job: job.items_total),
        Column(_("Succeeded"), lambda job: job.succeeded),
        Column(_("Failed"), lambda job: job.failed),
        Column(_("Cancelled"), lambda job: job.cancelled),
        Column(_("Percent done"), queries.progress_pct),
        Column(_("Created at"), lambda job: job.created_at),
        Column(_("Created by"), lambda job: job.created_by),
        Column(_("Started at"), lambda job: job.started_at),
        Column(_("Finished at"), lambda job: job.finished_at),
        Column(_("Seconds"), _seconds),
        Column(_("Error"), lambda job: job.error),
    ]


def _seconds(job: Job) -> int | None:
    elapsed_s = queries.elapsed_s(job)
    return None if elapsed_s is None else round(elapsed_s)


def _item_columns() -> list[Column]:
    return [
        Column(_("Position"), lambda item: item.position),
        Column(_("State"), lambda item: item.shown_state),
        Column(_("Attempts"), lambda item: item.attempts),
        Column(_("Params"), lambda item: item.params),
        Column(_("Result"), lambda item: item.result),
        Column(_("Error"), lambda item: item.error),
        Column(_("Started at"), lambda item: None if item.is_taken else item.started_at),
        Column(_("Finished at"), lambda item: item.finished_at),
    ]
