"""Read quantiles and shares out of what was seen."""

from bisect import bisect_right
from collections.abc import Sequence
from math import isinf


def quantile(ordered: Sequence[float], share: float, *, times: int = 1) -> float:
    """Return the value under which a new one lies with the chance `share`, between neighbours.

    `ordered` ascends and holds each of what was seen `times` times. Of n that were seen the k-th
    stands for k / (n + 1), so that bands of few days are not too narrow.

    :raises IndexError: when there is none.
    """
    n = len(ordered) / times
    place = min(max(((n + 1) * share - 0.5) * times - 0.5, 0.0), len(ordered) - 1.0)
    low = int(place)
    first, second = ordered[low], ordered[min(low + 1, len(ordered) - 1)]
    return first if isinf(second) and first == second else first + (place - low) * (second - first)


def share_over(ordered: Sequence[float], limit: float) -> float:
    """Return the share of the ascending values that lie over the limit, 0 to 1."""
    return 1 - bisect_right(ordered, limit) / len(ordered)
