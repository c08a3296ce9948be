"""Start a bill-stop job, or say why that cannot be now."""

from typing import Any

from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from batchops.access import name_of
from batchops.ccb.source import parse_source
from batchops.templatetags.batchops import duration
from jobs.errors import AlreadyRunning, HolderBody
from jobs.models import Job
from jobs.start import Order, start_job
from jobs.types.bill_stop.bodies import RUNNING
from jobs.types.bill_stop.lifecycle import NAME


def trigger(*, actor: str, viewer: str) -> Job:
    """Start a job for `actor`; sentences are for `viewer`, a user's name.

    :raises AlreadyRunning: when one is open; says since when, how far it is, and to wait.
    :raises CcbNotConfigured: when no CC&B is set, or its setting cannot be understood.
    :raises Unavailable: when no worker would do it.
    """
    parse_source(settings.CCB_URL)
    try:
        return start_job(Order(type=NAME, params={}), actor=actor)
    except AlreadyRunning as error:
        holder: HolderBody | None = error.extra["running"]
        if holder is None:
            raise
        running: dict[str, Any] = {**holder, "status": RUNNING}
        raise AlreadyRunning(wait_for(holder, viewer=viewer), running=running) from error


def wait_for(holder: HolderBody, *, viewer: str) -> str:
    """Say since when the job that runs does, how far it is, and to wait for it."""
    began_at = parse_datetime(holder["startTime"])
    left = holder["etaSeconds"]
    told = {
        "time": date_format(localtime(began_at), "g:i:s A"),
        "who": name_of(holder["startedBy"], viewer),
        "percent": holder["progressPercent"],
        "left": "" if left is None else _(", about %(time)s left") % {"time": duration(left)},
    }
    return (
        _(
            "The bill stop job is already running: started at %(time)s by %(who)s, "
            "%(percent)s%% done%(left)s. Wait until it has ended; this page then shows its lists."
        )
        % told
    )
