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
from monitoring.lifecycle.replays import (
    apply_replay,
    ask_replay,
    begin_replay,
    fail_replay,
    finish_replay,
    note_replayed,
    remove_replays,
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
    "apply_replay",
    "ask_for_poll",
    "ask_replay",
    "begin_import",
    "begin_replay",
    "fail_replay",
    "finish_replay",
    "note_replayed",
    "note_staleness",
    "record_failed_poll",
    "record_poll",
    "remove_events",
    "remove_forecasts",
    "remove_polls",
    "remove_replays",
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
