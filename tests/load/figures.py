"""Say in a few figures what screens saw, how answers did, and what a process took."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psutil


def percentiles_ms(seconds: Sequence[float]) -> dict[str, float | None]:
    """Return p50, p95, p99 and the greatest, in milliseconds; nothing for none."""
    if len(seconds) < 2:
        return {"p50": None, "p95": None, "p99": None, "max": None}
    cuts = statistics.quantiles(seconds, n=100)
    found = {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "max": max(seconds)}
    return {name: round(1000 * value, 1) for name, value in found.items()}


def delays_s(done: Sequence[float], frames: Iterable[Sequence[float]]) -> tuple[list[float], int]:
    """Return how long each settled item was on its way to one screen, and how many never came.

    `done` holds when the items of a job were settled, the first one first; `frames` pairs of when
    a frame came and how many items it said were done.
    """
    delays: list[float] = []
    for came_at, count in frames:
        while len(delays) < min(count, len(done)):
            delays.append(max(0.0, came_at - done[len(delays)]))
    return delays, len(done) - len(delays)


def of_screens(
    screens: Sequence[Mapping[str, Any]], done: Mapping[str, Sequence[float]], begun_at: float
) -> dict[str, Any]:
    """Return the delays of all screens from `begun_at` on, and what was lost on the way."""
    delays: list[float] = []
    missing = frames = 0
    for screen in screens:
        times = done[screen["job"]]
        found, never = delays_s(times, screen["frames"])
        delays += [each for at, each in zip(times, found, strict=False) if at >= begun_at]
        missing += never
        frames += sum(at >= begun_at for at, _ in screen["frames"])
    return {
        "commit_to_client_ms": percentiles_ms(delays),
        "updates": len(delays),
        "frames": frames,
        "updates_never_shown": missing,
        "sockets_lost": sum(bool(screen["lost"]) for screen in screens),
    }


class Gauge:
    """Look at processes again and again: their memory, and how much of a core they used."""

    def __init__(self, processes: Iterable[psutil.Process]) -> None:
        self._processes = list(processes)
        self._rss: list[list[float]] = [[] for _ in self._processes]
        for process in self._processes:
            process.cpu_percent()

    def look(self) -> None:
        for process, seen in zip(self._processes, self._rss, strict=True):
            seen.append(process.memory_info().rss / 1e6)

    def figures(self) -> dict[str, Any]:
        """Return each process's memory at the first and last look, in MB (10^6), and its CPU."""
        return {
            "rss_mb_first": [round(seen[0]) for seen in self._rss],
            "rss_mb_last": [round(seen[-1]) for seen in self._rss],
            "cpu_pct_of_a_core": [round(process.cpu_percent()) for process in self._processes],
        }
