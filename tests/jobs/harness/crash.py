"""Let a worker die right after the commit that ended a job, before it can do anything more.

HARNESS_DIES=kill: by SIGKILL, which ends its cluster. HARNESS_DIES=exit: by itself, which its
cluster survives, so that nothing but the sweep can notice.
"""

import os
import signal
from typing import Any

from jobs import lifecycle
from jobs.models import Job

EXIT_CODE = 75


def arm() -> None:
    """Put the crash point in place if HARNESS_DIES asks for it."""
    how = os.environ.get("HARNESS_DIES")
    if not how:
        return
    settle = lifecycle.settle

    def settle_and_die(lease: lifecycle.Lease, *args: Any, **kwargs: Any) -> Any:
        settled = settle(lease, *args, **kwargs)
        if not Job.objects.get(pk=lease.job.pk).is_open:
            _die(how)
        return settled

    lifecycle.settle = settle_and_die


def _die(how: str) -> None:
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(EXIT_CODE)
