"""Change what is stored about CC&B; nothing else does."""

from monitoring.lifecycle.polls import (
    Asked,
    Recorded,
    ask_for_poll,
    note_staleness,
    record_failed_poll,
    record_poll,
    try_again,
)
from monitoring.lifecycle.seeds import seed_workflow

__all__ = [
    "Asked",
    "Recorded",
    "ask_for_poll",
    "note_staleness",
    "record_failed_poll",
    "record_poll",
    "seed_workflow",
    "try_again",
]
