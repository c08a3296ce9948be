"""Reckon the geometry of small charts; templates draw it, and a table tells the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from batchops.looks import Look

WIDTH, HEIGHT = 1000, 200
BAR_SHARE = 0.8  # of the room for one bar, the rest is a gap
LEAST_BAR = 4  # so that a short one can be seen


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


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, `title` said to who points at it; without a height there is nothing to draw."""

    x: float
    y: float
    width: float
    height: float
    look: Look
    title: str


def line(course: Sequence[tuple[datetime, int]]) -> Line | None:
    """Return the line through moments and figures, in their order; None for fewer than two."""
    if len(course) < 2 or course[0][0] == course[-1][0]:
        return None
    (first, _), (last, _) = course[0], course[-1]
    most, span = max(value for _, value in course), (last - first).total_seconds()
    points = [
        f"{_short((at - first).total_seconds() / span * WIDTH)},"
        f"{_short(HEIGHT - value / (most or 1) * HEIGHT)}"
        for at, value in course
    ]
    return Line(" ".join(points), most, first, last)


def bars(heights: Sequence[tuple[float | None, Look, str]]) -> list[Bar]:
    """Return bars side by side, each a height, a look and a title; None leaves its room empty."""
    most = max((height or 0 for height, _, _ in heights), default=0)
    room = WIDTH / max(len(heights), 1)
    return [
        _bar(place * room, room, height / (most or 1), look, title)
        for place, (height, look, title) in enumerate(heights)
        if height is not None
    ]


def _bar(x: float, room: float, share: float, look: Look, title: str) -> Bar:
    height = max(share * HEIGHT, LEAST_BAR)
    return Bar(
        x=_short(x),
        y=_short(HEIGHT - height),
        width=_short(room * BAR_SHARE),
        height=_short(height),
        look=look,
        title=title,
    )


def _short(number: float) -> float:
    return round(number, 1)
