"""Change what is stored about CC&B; nothing else does."""

from monitoring.lifecycle.forecasts import remove_forecasts, store_forecast, store_tests
from monitoring.lifecycle.history import begin_import, store_chunk
from monitoring.lifecycle.polls import (
    Asked,
    Recorded,
    ask_for_poll,
    note_staleness,
    record_failed_poll,
    record_poll,
    try_again,
)
from monitoring.lifecycle.retention import (
    remove_events,
    remove_polls,
    remove_runs,
    remove_samples,
    remove_submissions,
    remove_threads,
)
from monitoring.lifecycle.seeds import seed_calendar, seed_workflow

__all__ = [
    "Asked",
    "Recorded",
    "ask_for_poll",
    "begin_import",
    "note_staleness",
    "record_failed_poll",
    "record_poll",
    "remove_events",
    "remove_forecasts",
    "remove_polls",
    "remove_runs",
    "remove_samples",
    "remove_submissions",
    "remove_threads",
    "seed_calendar",
    "seed_workflow",
    "store_chunk",
    "store_forecast",
    "store_tests",
    "try_again",
]
