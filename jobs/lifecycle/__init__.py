"""Change the state of jobs, items and claims; nothing else does.

Locks are taken in one order everywhere: claim, items, job. The job's row is the last and the
only one that all writers of a job meet at, so whoever updates its counters knows, from what the
update returns, whether the job is over.
"""

from jobs.lifecycle.artifacts import (
    Made,
    claim_artifact,
    expire_artifact,
    fail_artifact,
    forget_files,
    put_off_artifact,
    remake_artifact,
    store_artifact,
)
from jobs.lifecycle.claims import (
    Lease,
    WorkItem,
    claim_expansion,
    claim_items,
    lease_time,
    renew,
)
from jobs.lifecycle.expansion import add_items, close_expansion
from jobs.lifecycle.expiry import end_claims_of, expire_claims
from jobs.lifecycle.moves import (
    NewJob,
    cancel,
    cancel_pending,
    create,
    finalise,
    give_up,
    prioritise,
    require_done,
    retry,
)
from jobs.lifecycle.outside import Reported, keep, report, take
from jobs.lifecycle.reopening import claim_reopening, reopen_items
from jobs.lifecycle.retention import (
    expire_items,
    remove_items,
    remove_jobs,
    remove_slots,
    remove_start_keys,
)
from jobs.lifecycle.schedules import (
    create_schedule,
    decide_until,
    disable_schedule,
    edit_schedule,
    enable_schedule,
    hold_schedule,
    lock_schedule,
    note_run,
    record_slot,
)
from jobs.lifecycle.settling import Outcome, Settled, release, settle
from jobs.lifecycle.showing import show_progress
from jobs.lifecycle.summaries import claim_summary, fail_summary, store_summary
from jobs.lifecycle.turns import Chosen, choose, wake_jobs
from jobs.lifecycle.uploads import (
    REMOVED_AT_ONCE,
    NewUpload,
    accept_upload,
    begin_check,
    begin_part,
    drop_part,
    expire_uploads,
    forget_part,
    forget_uploads,
    keep_part,
    open_upload,
    parts_to_remove,
    remove_upload,
)
from jobs.lifecycle.watches import WISHES, watch_job, watch_types

__all__ = [
    "REMOVED_AT_ONCE",
    "WISHES",
    "Chosen",
    "Lease",
    "Made",
    "NewJob",
    "NewUpload",
    "Outcome",
    "Reported",
    "Settled",
    "WorkItem",
    "accept_upload",
    "add_items",
    "begin_check",
    "begin_part",
    "cancel",
    "cancel_pending",
    "choose",
    "claim_artifact",
    "claim_expansion",
    "claim_items",
    "claim_reopening",
    "claim_summary",
    "close_expansion",
    "create",
    "create_schedule",
    "decide_until",
    "disable_schedule",
    "drop_part",
    "edit_schedule",
    "enable_schedule",
    "end_claims_of",
    "expire_artifact",
    "expire_claims",
    "expire_items",
    "expire_uploads",
    "fail_artifact",
    "fail_summary",
    "finalise",
    "forget_files",
    "forget_part",
    "forget_uploads",
    "give_up",
    "hold_schedule",
    "keep",
    "keep_part",
    "lease_time",
    "lock_schedule",
    "note_run",
    "open_upload",
    "parts_to_remove",
    "prioritise",
    "put_off_artifact",
    "record_slot",
    "release",
    "remake_artifact",
    "remove_items",
    "remove_jobs",
    "remove_slots",
    "remove_start_keys",
    "remove_upload",
    "renew",
    "reopen_items",
    "report",
    "require_done",
    "retry",
    "settle",
    "show_progress",
    "store_artifact",
    "store_summary",
    "take",
    "wake_jobs",
    "watch_job",
    "watch_types",
]
