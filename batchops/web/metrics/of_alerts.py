"""Tell of alerts, and of the messages owed about them."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import Metric

from alerts import queries
from batchops.web.metrics.families import age_s, figure, gauge


def read(at: datetime) -> Iterator[Metric]:
    """Yield the metrics of alerts and deliveries."""
    yield gauge(
        "alerts_open",
        "Alerts that are not over.",
        ["severity", "state"],
        queries.count_active().items(),
    )
    by_state, oldest_at = queries.count_unfinished()
    yield gauge(
        "deliveries_waiting", "Messages that are owed and have not left.", ["state"],
        [((state,), n) for state, n in by_state.items()],
    )  # fmt: skip
    late_s = max(0.0, age_s(oldest_at, at) or 0.0)
    yield figure("deliveries_late_seconds", "How long the oldest due message is due.", late_s)
    given_up, _ = queries.given_up_lately(at)
    yield figure("deliveries_given_up", "Messages given up in the last 24 hours.", given_up)
    failing = len(queries.failing_channels())
    yield figure("channels_failing", "Channels that are on and do not get through.", failing)
