"""Make metrics: a name, a sentence, and a figure for each set of labels."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

PREFIX = "batchops_"
Samples = Iterable[tuple[Sequence[str], float]]


def gauge(name: str, says: str, labels: Sequence[str], samples: Samples) -> Metric:
    """Return figures that go up and down; `samples` names the labels' values in their order."""
    return _filled(GaugeMetricFamily(PREFIX + name, says, labels=labels), samples)


def counter(name: str, says: str, labels: Sequence[str], samples: Samples) -> Metric:
    """Return figures that only grow; the name gets `_total` at its end."""
    return _filled(CounterMetricFamily(PREFIX + name, says, labels=labels), samples)


def figure(name: str, says: str, value: float | None) -> Metric:
    """Return one figure without labels; without a sample while it is unknown."""
    return gauge(name, says, (), [] if value is None else [((), value)])


def age_s(moment: datetime | None, at: datetime) -> float | None:
    """Return the seconds from `moment` to `at`, None when it never was."""
    return None if moment is None else (at - moment).total_seconds()


def _filled(metric: GaugeMetricFamily | CounterMetricFamily, samples: Samples) -> Metric:
    for labels, value in samples:
        metric.add_metric(list(labels), value)
    return metric
