"""Name the ways in which a simulated day can go, and draw one for a day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from random import Random

from batchops.ccb.errors import UnknownScenario
from batchops.ccb.simulator import troubles
from batchops.ccb.simulator.planned import dice
from batchops.ccb.simulator.troubles import Minutes, Trouble

# A run of the day: its batch code and its place among that code's runs, from 0.
Run = tuple[str, int]
# An alert by its rule and CC&B's batch code; the source's own have no code.
Expected = tuple[str, str]

READS, IMD, IMD_LATER = ("CM-DMRU", 0), ("D1-IMD", 0), ("D1-IMD", 3)
PREPAY, PREPAY_LATER = ("C1-PPBTR", 0), ("C1-PPBTR", 1)
SEGMENTS, MESSAGES = ("CM_BSGGN", 0), ("BILLREST", 0)


@dataclass(frozen=True, slots=True)
class Load:
    """How one run differs from usual: times as much to do, times as fast, share in error."""

    amount: float = 1.0
    pace: float = 1.0
    error_rate: float | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """How a day goes and which alerts it gives, each opened once and resolved once.

    `delay` is how late the morning begins, in minutes. One run of `befalls`, drawn by the day's
    dice, meets the `trouble`. `loads` changes runs, `(code, None)` all of that code. `starts` lets
    a batch start at that hour without what it depends on. F1-FLUSH comes every `flush_minutes`, the
    morning's measurements take `morning_runs` of D1-IMD, and the next lot's run comes `lot_waits`
    minutes late. C1-PPBTR's runs come `prepay_minutes` after its first may start. BILLREST's work
    is done again, as a rerun, at `messages_again_at`. Nobody can log in for `outage_minutes` from
    `outage_at` on.
    """

    says: str
    alerts: tuple[Expected, ...] = ()
    delay: Minutes = (0, 0)
    befalls: tuple[Run, ...] = ()
    trouble: Trouble | None = None
    loads: Mapping[tuple[str, int | None], Load] = field(default_factory=dict)
    starts: Mapping[str, time] = field(default_factory=dict)
    flush_minutes: int = 120
    morning_runs: int = 3
    lot_waits: float = 0
    prepay_minutes: tuple[int, ...] = (0, 240, 390, 570)
    messages_again_at: time | None = None
    outage_at: time | None = None
    outage_minutes: int = 0
    month_end: bool = False

    def struck(self, rng: Random) -> Run | None:
        """Return the run that meets the trouble; the first that the dice say."""
        return rng.choice(self.befalls) if self.befalls else None

    def load_of(self, run: Run) -> Load:
        """Return how that run differs from usual."""
        return self.loads.get(run) or self.loads.get((run[0], None)) or Load()


SCENARIOS: dict[str, Scenario] = {
    "normal": Scenario("Six steps, everything well; D1-IMD runs five times until none is pending."),
    "failure-and-restart": Scenario(
        "One step breaks and is restarted on its key 17 to 25 minutes later: 30, 20, 40.",
        alerts=(("FAILED", "*"),),
        befalls=(IMD, PREPAY, SEGMENTS, SEGMENTS, MESSAGES),
        trouble=troubles.fails(restarted_after=(17, 25)),
    ),
    "first-step-fails": Scenario(
        "CM-DMRU breaks and is restarted 50 to 60 minutes later, so what follows is late.",
        alerts=(("FAILED", "CM-DMRU"), ("NOT_STARTED", "D1-IMD")),
        befalls=(READS,),
        trouble=troubles.fails(restarted_after=(50, 60)),
    ),
    "stuck": Scenario(
        "CM-DMRU stands still for a little over 90 minutes, as for a lock, then goes on by itself.",
        alerts=(
            ("STUCK", "CM-DMRU"),
            ("LOW_THROUGHPUT", "CM-DMRU"),
            ("NOT_STARTED", "D1-IMD"),
        ),
        befalls=(READS,),
        trouble=troubles.waits(length=(91, 93)),
    ),
    "killed-worker": Scenario(
        "D1-IMD's fourth run loses half of its threads for good; an operator ends and restarts it.",
        alerts=(("STUCK", "D1-IMD"), ("LOW_THROUGHPUT", "D1-IMD"), ("FAILED", "D1-IMD")),
        befalls=(IMD_LATER,),
        trouble=troubles.loses_worker(frozen_for=(91, 95), restarted_after=(17, 20)),
    ),
    "long-running": Scenario(
        "BILLREST has 4.5 times as much to do as usual, at its usual pace.",
        alerts=(("LONG_RUNNING", "BILLREST"),),
        loads={MESSAGES: Load(amount=4.5)},
    ),
    "month-end": Scenario(
        "A month's end, whatever the date: bills +35 %, SMS +30 %.", month_end=True
    ),
    "late-start": Scenario(
        "CM-DMRU starts 50 to 75 minutes late, and D1-IMD after it.",
        alerts=(("NOT_STARTED", "CM-DMRU"), ("NOT_STARTED", "D1-IMD")),
        delay=(50, 75),
    ),
    "low-records": Scenario(
        "C1-PPBTR's first run has 30 % of its usual records; its second is as usual.",
        alerts=(("LOW_RECORDS", "C1-PPBTR"),),
        loads={PREPAY: Load(amount=0.3, pace=0.42)},
    ),
    "too-fast": Scenario(
        "C1-PPBTR's first run does its usual records 3.5 times as fast; its second is as usual.",
        alerts=(("TOO_FAST", "C1-PPBTR"),),
        loads={PREPAY: Load(pace=3.5)},
    ),
    "low-throughput": Scenario(
        "CM_BSGGN has 60 % of its usual records and does 17 to 18 a second, under its floor of 20.",
        alerts=(("LOW_THROUGHPUT", "CM_BSGGN"),),
        loads={SEGMENTS: Load(amount=0.6, pace=0.42)},
    ),
    "completed-with-errors": Scenario(
        "C1-PPBTR's first run completes with 3 % of its records in error; its second is as usual.",
        alerts=(("COMPLETED_WITH_ERRORS", "C1-PPBTR"),),
        loads={PREPAY: Load(error_rate=0.03)},
    ),
    "pending-too-long": Scenario(
        "C1-PPBTR's second run waits 50 to 60 minutes in a pool without workers, is cancelled and "
        "submitted again.",
        alerts=(("PENDING_TOO_LONG", "C1-PPBTR"),),
        befalls=(PREPAY_LATER,),
        trouble=troubles.misplaced(length=(50, 60)),
    ),
    "job-orphan": Scenario(
        "The submission of C1-PPBTR's first run stays Started 50 to 70 minutes after it completed.",
        alerts=(("JOB_ORPHAN", "C1-PPBTR"),),
        befalls=(PREPAY,),
        trouble=troubles.orphaned(length=(50, 70)),
    ),
    "unknown-status": Scenario(
        "C1-PPBTR's second run shows status 50 for a while, until 25 to 35 minutes after its end.",
        alerts=(("UNKNOWN_STATUS", "C1-PPBTR"),),
        befalls=(PREPAY_LATER,),
        trouble=troubles.shows("50", length=(25, 35)),
    ),
    "hand-repaired": Scenario(
        "C1-PPBTR's second run loses its workers and is set to Complete by hand, without an end.",
        alerts=(
            ("STUCK", "C1-PPBTR"),
            ("LONG_RUNNING", "C1-PPBTR"),
            ("LOW_THROUGHPUT", "C1-PPBTR"),
        ),
        befalls=(PREPAY_LATER,),
        trouble=troubles.closed_by_hand(frozen_for=(95, 100)),
    ),
    "purged-run": Scenario(
        "C1-PPBTR's second run loses its workers, and its rows are removed from CC&B.",
        alerts=(
            ("STUCK", "C1-PPBTR"),
            ("LONG_RUNNING", "C1-PPBTR"),
            ("LOW_THROUGHPUT", "C1-PPBTR"),
        ),
        befalls=(PREPAY_LATER,),
        trouble=troubles.purged(frozen_for=(95, 100)),
    ),
    "out-of-order": Scenario(
        "BILLREST starts at noon, while CM_BSGGN, which it depends on, is running.",
        alerts=(("OUT_OF_ORDER", "BILLREST"),),
        starts={"BILLREST": time(12)},
    ),
    "two-at-once": Scenario(
        "C1-PPBTR's second run starts while its first is running.",
        prepay_minutes=(0, 10, 390, 570),
    ),
    "rerun": Scenario(
        "BILLREST's work is extracted again at 16:30, under its batch number with rerun number 1.",
        messages_again_at=time(16, 30),
    ),
    "imd-until-zero": Scenario(
        "The morning's measurements take seven runs of D1-IMD until none is pending.",
        morning_runs=7,
    ),
    "imd-not-draining": Scenario(
        "Measurements come in before noon, and no D1-IMD works them off for 70 minutes.",
        alerts=(("IMD_NOT_DRAINING", "D1-IMD"),),
        lot_waits=70,
    ),
    "flush-noise": Scenario(
        "F1-FLUSH runs every 20 minutes for 3 to 12, and its counts never move.",
        flush_minutes=20,
        loads={("F1-FLUSH", None): Load(pace=0.4)},
    ),
    "source-down": Scenario(
        "Nobody can log in from 08:30 to 09:25; CC&B itself goes on.",
        alerts=(("SOURCE_STALE", ""),),
        outage_at=time(8, 30),
        outage_minutes=55,
    ),
}

# Mixtures draw one of the scenarios for each day: the demo shows something on most days, the
# history is that of a site that is run well.
MIXTURES: dict[str, dict[str, float]] = {
    "demo": {"normal": 25.0, "failure-and-restart": 30.0}
    | {
        name: 3
        for name in SCENARIOS
        if name not in {"normal", "failure-and-restart", "month-end", "source-down"}
    },
    "history": {
        "normal": 91,
        "failure-and-restart": 5,
        "first-step-fails": 1,
        "late-start": 2,
        "stuck": 1,
    },
}


def require_scenario(name: str) -> str:
    """Return the name of a scenario or mixture as it was given.

    :raises UnknownScenario: when there is none of that name; the sentence lists those there are.
    """
    if name in SCENARIOS or name in MIXTURES:
        return name
    raise UnknownScenario(
        f"'{name}' is no scenario. Choose one of: {', '.join(sorted(SCENARIOS))}; or a mixture "
        f"that draws one for each day: {', '.join(sorted(MIXTURES))}."
    )


def scenario_of(day: date, *, seed: int, wanted: str) -> str:
    """Return the day's scenario: the wanted one, or the one that a mixture draws for the day.

    :raises UnknownScenario: when there is no such scenario or mixture.
    """
    if require_scenario(wanted) in SCENARIOS:
        return wanted
    weights = MIXTURES[wanted]
    return dice(seed, day, "scenario").choices(list(weights), list(weights.values()))[0]


def struck_run(scenario: str, *, day: date, seed: int) -> Run | None:
    """Return the run that meets the scenario's trouble on that day, if one does."""
    return SCENARIOS[scenario].struck(dice(seed, day, scenario))


def expected_alerts(scenario: str, *, day: date, seed: int) -> list[Expected]:
    """Return the alerts that the scenario gives on that day: rule and CC&B's batch code."""
    struck = struck_run(scenario, day=day, seed=seed)
    return [
        (rule, struck[0] if struck and code == "*" else code)
        for rule, code in SCENARIOS[scenario].alerts
    ]
