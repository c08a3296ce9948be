"""Answer the bells: what a cluster calls when there may be work."""

from jobs import runner


def work() -> None:
    """Work for one slice on whatever job is next."""
    runner.run_slice()
