"""Draw how figures went over time: one small picture for each, in one SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 300, 90
COLUMNS = 3
MARGIN = 12
LEFT, TOP = 10, 34
LOOK = 'font-family="sans-serif" font-size="12" role="img"'


def growth_per_h(at_s: Sequence[float], values: Sequence[float]) -> float:
    """Return the slope an hour of the line that fits the second half best, 0 for under two."""
    half = len(values) // 2
    xs, ys = [at / 3600 for at in at_s[half:]], values[half:]
    if len(ys) < 2:
        return 0.0
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread


def drawn(at_s: Sequence[float], series: Mapping[str, Sequence[float]], title: str) -> str:
    """Return the SVG; each picture begins at zero, and says the first value and the last."""
    rows = -(-len(series) // COLUMNS)
    width = COLUMNS * (WIDTH + MARGIN) + MARGIN
    height = rows * (HEIGHT + MARGIN) + MARGIN + TOP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {LOOK}>',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{MARGIN}" y="22" font-size="14" fill="#222">{escape(title)}</text>',
    ]
    for number, (name, values) in enumerate(series.items()):
        x = MARGIN + number % COLUMNS * (WIDTH + MARGIN)
        y = TOP + number // COLUMNS * (HEIGHT + MARGIN)
        parts.append(f'<g transform="translate({x} {y})">{_picture(name, at_s, values)}</g>')
    return "\n".join([*parts, "</svg>", ""])


def _picture(name: str, at_s: Sequence[float], values: Sequence[float]) -> str:
    most = max(*values, 1e-9) if len(values) > 1 else 1.0
    span = max(at_s[-1] - at_s[0], 1e-9)
    inner = HEIGHT - LEFT - 20
    points = " ".join(
        f"{LEFT + (at - at_s[0]) / span * (WIDTH - 2 * LEFT):.1f},"
        f"{20 + inner - value / most * inner:.1f}"
        for at, value in zip(at_s, values, strict=True)
    )
    label = f"{name}: {values[0]:,.1f} to {values[-1]:,.1f}, most {max(values):,.1f}"
    return (
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#f6f7f9" stroke="#d5d9e0"/>'
        f'<text x="{LEFT}" y="14" fill="#222">{escape(label)}</text>'
        f'<polyline points="{points}" fill="none" stroke="#1f5fbf" stroke-width="1.5"/>'
    )
