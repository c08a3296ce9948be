"""Reckon the geometry of small charts; templates draw it, and a table tells the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

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
    """One bar, `title` said to who points at it."""

    x: float
    y: float
    width: float
    height: float
    look: Look
    title: str


@dataclass(frozen=True, slots=True)
class Column:
    """What one bar is to show: a height (None leaves its room empty) and its usual low and high."""

    height: float | None
    look: Look
    title: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars over the areas of their band; `most` is the greatest height, `top` that of the chart."""

    bars: Sequence[Bar]
    bands: Sequence[str]
    most: float
    top: float


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


def bars(columns: Sequence[Column]) -> Bars | None:
    """Return the bars of columns side by side over their bands; None without any height."""
    heights = [column.height for column in columns if column.height is not None]
    if not heights:
        return None
    most = max([*heights, *(column.high or 0 for column in columns)]) or 1
    room = WIDTH / len(columns)
    return Bars(
        bars=[
            _bar(place * room, room, column.height / most, column)
            for place, column in enumerate(columns)
            if column.height is not None
        ],
        bands=list(_bands(columns, most)),
        most=max(heights),
        top=most,
    )


def _bands(columns: Sequence[Column], most: float) -> Iterator[str]:
    """Yield the areas of the band, one for each row of columns that have one."""
    room, placed = WIDTH / len(columns), enumerate(columns)
    for has_band, those in groupby(placed, key=lambda one: one[1].low is not None):
        if has_band:
            row = list(those)
            tops = [_edge(place, column.high, room, most) for place, column in row]
            floors = [_edge(place, column.low, room, most) for place, column in reversed(row)]
            yield " ".join(
                [
                    *(f"{left},{y} {right},{y}" for left, right, y in tops),
                    *(f"{right},{y} {left},{y}" for left, right, y in floors),
                ]
            )


def _edge(place: int, value: float | None, room: float, most: float) -> tuple[float, float, float]:
    y = _short(HEIGHT - (value or 0) / most * HEIGHT)
    return _short(place * room), _short((place + 1) * room), y


def _bar(x: float, room: float, share: float, column: Column) -> Bar:
    height = max(share * HEIGHT, LEAST_BAR)
    return Bar(
        x=_short(x),
        y=_short(HEIGHT - height),
        width=_short(room * BAR_SHARE),
        height=_short(height),
        look=column.look,
        title=column.title,
    )


def _short(number: float) -> float:
    return round(number, 1)
