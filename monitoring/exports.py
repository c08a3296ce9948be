"""Describe runs as the columns of a file."""

from django.utils.translation import gettext as _

from batchops.exports import Column, Export
from monitoring.listing import RunFilter
from monitoring.queries import Freshness
from monitoring.shown import RunView, view_of
from monitoring.states import WORDS


def runs_export(wanted: RunFilter, fresh: Freshness) -> Export:
    """Return the runs that match, newest first, as they are shown with a picture of this age."""
    found = wanted.runs(fresh).newest_first()
    return Export.of(
        found, name="batch-logs", columns=_columns(), show=lambda run: view_of(run, fresh)
    )


def _columns() -> list[Column]:
    return [
        Column(_("Id"), lambda view: view.run.pk),
        Column(_("Batch"), lambda view: view.run.batch_code),
        Column(_("CC&B batch code"), lambda view: view.run.source_batch_cd),
        Column(_("Batch number"), lambda view: view.run.batch_nbr),
        Column(_("Rerun number"), lambda view: view.run.rerun_nbr),
        Column(_("Business day"), lambda view: view.run.business_date.isoformat()),
        Column(_("Status"), _word),
        Column(_("Status code"), lambda view: view.run.status_code),
        Column(_("Start"), lambda view: view.run.started_at),
        Column(_("End"), lambda view: view.run.ended_at),
        Column(_("Seconds"), lambda view: view.elapsed_s),
        Column(_("Threads"), lambda view: view.run.thread_count),
        Column(_("Restarts of threads"), lambda view: view.run.restarts),
        Column(_("Records processed"), lambda view: view.run.records_processed),
        Column(_("Records in error"), lambda view: view.run.records_in_error),
        Column(_("Records per second"), lambda view: view.rps),
        Column(_("Error message"), lambda view: view.run.error_message),
        Column(_("First seen"), lambda view: view.run.created_at),
    ]


def _word(view: RunView) -> str:
    return WORDS[view.state]
