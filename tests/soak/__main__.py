"""Let a site with a simulated CC&B live at speed, and print and plot what grew.

python -m tests.soak [--minutes 120] [--speed 60] [--every 15] [--svg soak.svg]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.load.site import site, web_servers
from tests.load.surroundings import here
from tests.soak.life import Person, Screen
from tests.soak.plot import drawn, growth_per_h

PEOPLE, SCREENS = 4, 10
PAUSE_S = 2.0
SETTLE_S = 60


def main() -> None:
    options = arguments()
    with site("--speed", f"{options.speed:g}") as data_dir, web_servers(data_dir, 1) as servers:
        [port] = servers
        with life(port) as crowd:
            samples = taken(data_dir, options)
        broken = invariants()
    at_s = [sample.pop("at_s") for sample in samples]
    series = {name: [sample.get(name, 0.0) for sample in samples] for name in samples[0]}
    where = here()
    title = f"{options.minutes:g} minutes at {options.speed:g} times the speed, {where['at']}"
    options.svg.write_text(drawn(at_s, series, title))
    print(json.dumps(report(at_s, series) | crowd | {"broken": broken} | where, indent=2))  # noqa: T201


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--speed", type=float, default=60, help="of the simulated CC&B")
    parser.add_argument("--every", type=float, default=15, help="seconds between two looks")
    parser.add_argument("--svg", type=Path, default=Path("soak.svg"), help="where to draw it")
    return parser.parse_args()


@contextmanager
def life(port: int) -> Iterator[dict[str, Any]]:
    """Have people at work and screens open; at the end what they met is in the dictionary."""
    from batchops.access import create_token
    from batchops.models import User

    person = User.objects.create_superuser("soak", password=None)
    token = create_token(user=person, name="soak")
    people = [Person(port, token, seed=seed, pause_s=PAUSE_S) for seed in range(PEOPLE)]
    screens = [Screen(port, token) for _ in range(SCREENS)]
    everybody: list[Person | Screen] = [*people, *screens]
    for one in everybody:
        one.start()
    met: dict[str, Any] = {}
    yield met
    for one in everybody:
        one.end()
    met["answers"] = {f"person{n}": each.answers for n, each in enumerate(people)}
    met["frames"] = sum(screen.frames for screen in screens)
    met["connections_of_screens"] = [screen.connections for screen in screens]


def taken(data_dir: Path, options: argparse.Namespace) -> list[dict[str, float]]:
    """Look every so often, for so long; after a minute in which all are at work."""
    from tests.soak.samples import sample

    time.sleep(min(SETTLE_S, options.minutes * 6))
    ends_at = time.monotonic() + options.minutes * 60
    samples = []
    while time.monotonic() < ends_at:
        samples.append(sample(data_dir))
        time.sleep(options.every)
    return samples


def invariants() -> dict[str, Any]:
    """Return what the engine's invariants say is broken, once every job has ended."""
    from jobs.models import Job
    from tests.jobs.harness import checks
    from tests.waiting import wait_for

    wait_for(lambda: not Job.objects.filter(summarised_at=None).exists(), 120, "all jobs to end")
    checks.install_audit()
    try:
        return checks.broken_invariants()
    finally:
        checks.remove_audit()


def report(at_s: list[float], series: dict[str, list[float]]) -> dict[str, Any]:
    """Return first, last and greatest value of each figure, and its slope in the second half."""
    figures = {
        name: {
            "first": round(values[0], 1),
            "last": round(values[-1], 1),
            "most": round(max(values), 1),
            "growth_per_h": round(growth_per_h(at_s, values), 2),
        }
        for name, values in series.items()
    }
    return {"soak": figures, "looks": len(at_s), "memory_of_the_machine": _memory()}


def _memory() -> str:
    return f"{psutil.virtual_memory().total / 1e9:.0f} GB"


if __name__ == "__main__":
    main()
