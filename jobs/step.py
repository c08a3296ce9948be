"""Do a step of a job, the making of its items or of its summary, within its type's limit."""

import logging
import os
import time
from contextlib import suppress

from django.conf import settings

from jobs import lifecycle, states
from jobs.errors import ERROR_LENGTH, JobNotFound, MoveRefused
from jobs.heartbeat import EXIT_OVERDUE, Held
from jobs.lifecycle import Lease
from jobs.registry import JobType

log = logging.getLogger("jobs.step")


class Step(Held):
    """One step at work, ended with its process when it takes too long."""

    def __init__(self, lease: Lease, job_type: JobType) -> None:
        super().__init__(lease)
        self._limit_s = job_type.step_limit.total_seconds()
        self._began_at = time.monotonic()

    def beat(self) -> None:
        """End a step that is over its limit, lease or no lease; else renew."""
        if time.monotonic() - self._began_at > self._limit_s:
            self._end_process()
        super().beat()

    def _end_process(self) -> None:
        log.error("%s over its limit job=%s", self.lease.kind, self.lease.job.pk)
        try:
            if not self.lost:
                self._say_so()
        finally:
            os._exit(EXIT_OVERDUE)

    def _say_so(self) -> None:
        if self.lease.kind == states.EXPAND:
            give_up(self.lease, f"it took longer than the {self._limit_s:g} s of one turn")
        else:  # a summary stays due; not at once, so that others get their turn
            lifecycle.renew(self.lease, time=settings.JOBS_LEASE)


def give_up(lease: Lease, why: str) -> None:
    """Give the lease back and fail its job, whose items cannot be made."""
    lifecycle.release(lease)
    error = f"Its items could not be made: {why}"[:ERROR_LENGTH]
    with suppress(MoveRefused, JobNotFound):  # it has ended meanwhile
        lifecycle.give_up(lease.job.pk, error=error, actor="system:worker")
