"""Answer the bells: what a cluster calls when there may be work."""

from jobs import retention, runner, statistics
from jobs.types.document import kept


def work() -> None:
    """Work for one slice on whatever job is next."""
    runner.run_slice()


def remove_old() -> None:
    """Remove for one slice what is older than it is kept."""
    retention.remove_old()


def count_days() -> None:
    """Count what the jobs of the last days came to."""
    statistics.count_days()


def remove_documents() -> None:
    """Remove for one slice the PDFs of jobs whose items are gone."""
    kept.remove_old()
