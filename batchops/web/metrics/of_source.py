"""Tell of CC&B: how old its picture is and how readings go."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import Metric

from batchops.web.metrics.families import age_s, figure
from monitoring.queries import freshness


def read(at: datetime) -> Iterator[Metric]:
    """Yield the metrics of the source; of its age none before the first good reading."""
    fresh = freshness(at)
    last, good = fresh.last, fresh.last_good
    yield figure("source_configured", "Whether a CC&B is set.", fresh.configured)
    yield figure("poll_age_seconds", "Since the last good reading began.", age_s(fresh.seen_at, at))
    yield figure(
        "poll_interval_seconds", "How often CC&B is to be read.", fresh.interval.total_seconds()
    )
    yield figure(
        "poll_duration_seconds", "What the last reading took.", last.took_s if last else None
    )
    yield figure(
        "poll_succeeded", "Whether the last reading was good.", last.succeeded if last else None
    )
    yield figure("source_stale", "Whether the picture is too old to go by.", fresh.stale)
    yield figure("source_login_refused", "Whether CC&B refuses our login.", fresh.login_refused)
    yield figure(
        "source_clock_ahead_seconds",
        "CC&B's clock ahead of ours at the last good reading.",
        good.source_offset_s if good else None,
    )
