"""Make a plan of life and faults from a seed, carry it out on a site, and judge what is left."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.faults import EVERYWHERE, Fault, Mend
from tests.chaos.judge import Judge
from tests.chaos.life import LIVES, Life
from tests.chaos.watchers import Watcher
from tests.faults.site import Site
from tests.jobs.harness.plan import Step, make_plan

LIFE_WEIGHTS = {
    "start": 10, "cancel": 3, "retry": 5, "acknowledge": 3, "resolve": 1, "comment": 1, "look": 2,
}  # fmt: skip
FAULT_WEIGHTS = {
    "kill web": 2, "kill jobs": 3, "kill watch": 2, "kill database": 1, "stop database": 1,
    "kill supervisor": 1, "freeze": 3, "drop LISTEN": 2, "drop session": 3, "shift clock": 1,
    "crowd out": 1, "fill disk": 1, "cut": 4, "silence": 3, "slow down": 1, "refuse": 2,
}  # fmt: skip
STEP_S = 0.25


@dataclass
class Report:
    """What a plan did, what was seen meanwhile, and what was broken at the end."""

    steps: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    broken: dict[str, Any] = field(default_factory=dict)

    def add(self, other: Report) -> None:
        self.steps += other.steps
        self.seen += other.seen
        self.answers += other.answers
        self.broken = self.broken or other.broken

    def __str__(self) -> str:
        parts = (("done", self.steps), ("seen", self.seen), ("answers", self.answers))
        told = "; ".join(f"{name}: {_listed(counts)}" for name, counts in parts)
        return f"{told}; broken: {self.broken or 'nothing'}"


def chaos_plan(seed: int, *, steps: int, faults: dict[str, Fault] = EVERYWHERE) -> list[Step]:
    """Return the same `steps` for the same seed: life, and those faults; the first starts a job."""
    weights = LIFE_WEIGHTS | {name: FAULT_WEIGHTS[name] for name in faults}
    return make_plan(seed, steps=steps, weights=weights)


class Play:
    """One plan, carried out on one site that nothing is left of."""

    def __init__(self, site: Site, judge: Judge, faults: dict[str, Fault] = EVERYWHERE) -> None:
        self._site = site
        self._judge = judge
        self._faults = faults
        self._mends: list[tuple[float, Mend]] = []
        self._report = Report()

    def run(self, plan: list[Step]) -> Report:
        """Carry the plan out, mend everything, wait for quiet, and say what is broken."""
        self._judge.begin()
        watchers = [Watcher(self._site) for _ in range(2)]
        life = Life(self._site, watchers)
        try:
            for step in plan:
                self._carry_out(step, life)
            self._mend(before=float("inf"))
            self._report.broken = self._judge.verdict(life, watchers)
        finally:
            for watcher in watchers:
                watcher.end()
        self._report.seen = self._judge.count(life, watchers)
        self._report.answers = life.answers
        return self._report

    def _carry_out(self, step: Step, life: Life) -> None:
        self._report.steps[step.kind] += 1
        chance = random.Random(step.seed)
        if step.kind in LIVES:
            LIVES[step.kind](life, chance)
        elif mend := self._faults[step.kind](self._site, chance):
            self._mends.append((time.monotonic() + mend.after_s, mend))
        self._mend(before=time.monotonic())
        self._site.tend()
        time.sleep(STEP_S)

    def _mend(self, *, before: float) -> None:
        for entry in [entry for entry in self._mends if entry[0] <= before]:
            self._mends.remove(entry)
            entry[1].act()


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.most_common())
