"""Put jobs into the words of the API, field for field; plain shapes."""

from jobs.bodies.batches import (
    BatchBody,
    ComeAgainBody,
    StillOpenBody,
    SummaryBody,
    UnknownBatchBody,
    batch_body,
    batch_status,
    summary_body,
)
from jobs.bodies.bulk import BulkDoneBody, bulk_body
from jobs.bodies.days import StatisticsBody, day_body
from jobs.bodies.items import ItemsBody, item_body
from jobs.bodies.jobs import (
    JobBody,
    JobsBody,
    StatsBody,
    StatusBody,
    job_body,
    stats_body,
    status_body,
)
from jobs.bodies.moves import (
    CancelledBody,
    CountedBody,
    FollowedBody,
    RetriedBody,
    WatchedBody,
)
from jobs.bodies.work import (
    ClaimedBody,
    HandledBody,
    KeptBody,
    ReportedBody,
    claim_body,
    next_body,
    reference_of,
)
from jobs.bodies.writing import cursor_of, iso

__all__ = [
    "BatchBody",
    "BulkDoneBody",
    "CancelledBody",
    "ClaimedBody",
    "ComeAgainBody",
    "CountedBody",
    "FollowedBody",
    "HandledBody",
    "ItemsBody",
    "JobBody",
    "JobsBody",
    "KeptBody",
    "ReportedBody",
    "RetriedBody",
    "StatisticsBody",
    "StatsBody",
    "StatusBody",
    "StillOpenBody",
    "SummaryBody",
    "UnknownBatchBody",
    "WatchedBody",
    "batch_body",
    "batch_status",
    "bulk_body",
    "claim_body",
    "cursor_of",
    "day_body",
    "iso",
    "item_body",
    "job_body",
    "next_body",
    "reference_of",
    "stats_body",
    "status_body",
    "summary_body",
]
