"""Reckon the geometry of small charts; templates draw it, and a table tells the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

WIDTH, HEIGHT = 1000, 200


@dataclass(frozen=True, slots=True)
class Line:
    """Records over time: `points` as SVG has them, and what stands at the ends of the axes."""

    points: str
    most: int
    from_at: datetime
    to_at: datetime

    @property
    def area(self) -> str:
        """The same points, closed along the bottom."""
        return f"0,{HEIGHT} {self.points} {WIDTH},{HEIGHT}"


def line(course: Sequence[tuple[datetime, int]], *, most: int | None = None) -> Line | None:
    """Return the line through moments and figures, in their order; None for fewer than two.

    The top stands for `most`, or for the greatest figure.
    """
    if len(course) < 2 or course[0][0] == course[-1][0]:
        return None
    (first, _), (last, _) = course[0], course[-1]
    most = max(value for _, value in course) if most is None else most
    span = (last - first).total_seconds()
    points = [
        f"{_short((at - first).total_seconds() / span * WIDTH)},"
        f"{_short(HEIGHT - value / (most or 1) * HEIGHT)}"
        for at, value in course
    ]
    return Line(" ".join(points), most, first, last)


def _short(number: float) -> float:
    return round(number, 1)
