"""Answer what a move of a job came to."""

from typing import TypedDict

from batchops.shapes import Succeeded
from jobs.bodies.jobs import JobBody


class CancelledBody(TypedDict):
    """The job is cancelled, or will be when its workers have seen it."""

    success: Succeeded
    message: str
    note: str


class CountedBody(TypedDict):
    """How many items a retry would do again; `unlisted` says that it would make others besides.

    Those are what a cancel came before, and nobody knows how many.
    """

    success: Succeeded
    dryRun: Succeeded
    count: int
    unlisted: bool


class RetriedBody(TypedDict):
    """How many items are done again, and the job."""

    success: Succeeded
    count: int
    data: JobBody


class FollowedBody(TypedDict):
    """The job that follows."""

    success: Succeeded
    jobId: str
    data: JobBody


class WatchedBody(TypedDict):
    """Whether the caller is mailed when the job ends."""

    on: bool
