"""Say how long to wait after failures; plain Python."""

import random
from datetime import timedelta

FIRST_WAIT_S = 15.0
LONGEST_WAIT_S = 600.0


def backoff(tried: int) -> timedelta:
    """Return how long to wait after the `tried`-th failure: doubling, at most 10 min, jittered."""
    longest_s = min(FIRST_WAIT_S * 2 ** min(tried - 1, 10), LONGEST_WAIT_S)
    return timedelta(seconds=longest_s * random.uniform(0.5, 1))  # noqa: S311 - only spreads load
