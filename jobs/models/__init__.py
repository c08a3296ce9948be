"""Store jobs, their schedules, files, readers and figures: fields, constraints, indexes."""

from jobs.models.days import SECONDS_BOUNDS, JobDay
from jobs.models.files import Artifact
from jobs.models.jobs import (
    Claim,
    Job,
    JobEvent,
    JobItem,
    JobQuerySet,
    RunSummary,
    new_job_id,
)
from jobs.models.keys import StartKey
from jobs.models.schedules import Schedule, ScheduleEvent, ScheduleSlot
from jobs.models.uploads import Upload, UploadPart
from jobs.models.watches import JobWatch

__all__ = [
    "SECONDS_BOUNDS",
    "Artifact",
    "Claim",
    "Job",
    "JobDay",
    "JobEvent",
    "JobItem",
    "JobQuerySet",
    "JobWatch",
    "RunSummary",
    "Schedule",
    "ScheduleEvent",
    "ScheduleSlot",
    "StartKey",
    "Upload",
    "UploadPart",
    "new_job_id",
]
