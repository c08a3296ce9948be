"""Make a plan of disturbances from a seed, carry it out, and shrink one that breaks something."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from batchops.cluster import bells
from batchops.errors import BatchOpsError
from jobs import lifecycle, start
from jobs.models import Claim, Job
from jobs.runner import WORK
from jobs.start import Order
from tests.jobs.harness import checks, types  # noqa: F401  (registers the types)
from tests.jobs.harness.workers import Cluster, Workers, cut_off_one
from tests.waiting import wait_for

WEIGHTS = {
    "start": 8, "kill": 4, "freeze": 2, "cut_off": 3, "bells": 2, "cancel": 2, "retry": 4,
}  # fmt: skip
FREEZE_S = 2.5  # longer than the harness' lease
JOB_KINDS = ("drill", "drill", "drill", "flaky", "alone", "together", "poison", "long")
LONG_MS = 2_000  # so is this
STEP_S = 0.25
ACTOR = "user:harness"


@dataclass(frozen=True)
class Step:
    """One disturbance; what exactly is drawn from its own seed, so that steps can be left out."""

    kind: str
    seed: int


@dataclass
class Report:
    """What a plan did and what it broke."""

    steps: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    jobs: int = 0
    items: int = 0
    late_reports: int = 0
    broken: dict[str, Any] = field(default_factory=dict)


def make_plan(seed: int, *, steps: int, weights: Mapping[str, int] = WEIGHTS) -> list[Step]:
    """Return the same `steps` disturbances for the same seed; the first starts a job."""
    chance = random.Random(seed)
    kinds = ["start", *chance.choices(list(weights), list(weights.values()), k=steps - 1)]
    return [Step(kind, chance.randrange(2**32)) for kind in kinds]


def run_plan(plan: list[Step], workers: Workers | Cluster, *, settle_s: float = 40) -> Report:
    """Carry a plan out on an empty database, wait for quiet, and check the invariants."""
    report = Report()
    checks.install_audit()
    deadlocks = checks.deadlocks()
    frozen: list[tuple[float, int]] = []
    for step in plan:
        report.steps[step.kind] = report.steps.get(step.kind, 0) + 1
        _carry_out(step, workers, frozen, report)
        _thaw(workers, frozen, before=time.monotonic())
        workers.heal()
        time.sleep(STEP_S)
    _thaw(workers, frozen, before=float("inf"))
    _wait_until_quiet(workers, settle_s)
    report.broken = checks.broken_invariants()
    if grown := checks.deadlocks() - deadlocks:
        report.broken["no_deadlock"] = [(grown,)]
    _count(report)
    return report


def shrink(plan: list[Step], breaks: Callable[[list[Step]], bool]) -> list[Step]:
    """Leave out ever smaller parts of a plan for as long as it still breaks something."""
    size = len(plan) // 2
    while size:
        for begin in range(0, len(plan), size):
            shorter = plan[:begin] + plan[begin + size :]
            if shorter and breaks(shorter):
                plan = shorter
                break
        else:
            size //= 2
    return plan


def _carry_out(
    step: Step, workers: Workers | Cluster, frozen: list[tuple[float, int]], report: Report
) -> None:
    chance = random.Random(step.seed)
    actions: dict[str, Callable[[], Any]] = {
        "start": lambda: lifecycle.create(start.checked(_order(chance), actor=ACTOR)),
        "kill": lambda: workers.kill(chance),
        "freeze": lambda: frozen.append((time.monotonic() + FREEZE_S, workers.freeze(chance))),
        "cut_off": lambda: cut_off_one(chance),
        "bells": _ring_many,
        "cancel": lambda: lifecycle.cancel(_some_job(chance), actor=ACTOR),
        "retry": lambda: _retry(chance),
    }
    try:
        actions[step.kind]()
    except BatchOpsError:
        report.refused += 1
    except DatabaseError:
        connection.close()


def _order(chance: random.Random) -> Order:
    kind = chance.choice(JOB_KINDS)
    if kind == "poison":
        return Order(type=kind, params={"items": 3, "at": chance.randrange(3), "ms": 2})
    if kind == "long":
        items: list[dict[str, Any]] | None = [{}, {"ms": LONG_MS}, {}]
        return Order(type="drill", params={"ms": 0}, items=items)
    if kind != "drill":
        return Order(type=kind, params={"items": chance.randrange(1, 200), "ms": 2})
    size = chance.choice([1, 3, 50, 500, 2_000])
    params = {
        "items": size,
        "ms": chance.choice([0, 0, 1]),
        "failPercent": chance.choice([0, 0, 10, 100]),
        "recovers": chance.random() < 0.5,
    }
    items = [{} for _ in range(size)] if size <= 50 else None
    return Order(type=kind, params=params, items=items, priority=chance.randrange(3))


def _some_job(chance: random.Random) -> str:
    return str(chance.choice(list(Job.objects.order_by("created_at").values_list("pk", flat=True))))


def _retry(chance: random.Random) -> None:
    lifecycle.retry(_some_job(chance), actor=ACTOR, include_cancelled=chance.random() < 0.5)


def _ring_many() -> None:
    for _ in range(4):
        bells.ring(WORK, cluster="jobs", at_most=10)


def _thaw(workers: Workers | Cluster, frozen: list[tuple[float, int]], *, before: float) -> None:
    for entry in [entry for entry in frozen if entry[0] <= before]:
        workers.thaw(entry[1])
        frozen.remove(entry)


def _wait_until_quiet(workers: Workers | Cluster, settle_s: float) -> None:
    def is_quiet() -> bool:
        workers.heal()
        return not (
            Job.objects.open().exists()
            or Job.objects.filter(summarised_at=None).exists()
            or Claim.objects.exists()
        )

    try:
        wait_for(is_quiet, settle_s, "every job to end")
    except AssertionError:
        # The invariants say better than a timeout what is not whole.
        return


def _count(report: Report) -> None:
    report.jobs = Job.objects.count()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM harness_result")
        report.items = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM jobs_jobevent WHERE verb = 'refuse'")
        report.late_reports = cursor.fetchone()[0]


def empty_tables() -> None:
    """Remove every job, bell and heartbeat."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # else events are kept
        cursor.execute(
            "TRUNCATE jobs_job, jobs_schedule, jobs_jobday, batch_monitoring_alerts, alerts_notice,"
            " django_q_ormq, batchops_heartbeat CASCADE"
        )


def soak(*, seed: int, seconds: float, workers: int, cluster: bool) -> Report:
    """Run plan after plan for `seconds`; stop at the first that breaks something."""
    total = Report()
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at and not total.broken:
        empty_tables()
        with Cluster() if cluster else Workers(workers) as victims:
            report = run_plan(make_plan(seed, steps=100), victims)
        print(f"{timezone.now():%H:%M:%S} seed {seed}: {report}", flush=True)  # noqa: T201
        for kind, count in report.steps.items():
            total.steps[kind] = total.steps.get(kind, 0) + count
        total.refused += report.refused
        total.jobs += report.jobs
        total.items += report.items
        total.late_reports += report.late_reports
        total.broken = report.broken
        seed += 1
    checks.remove_audit()
    connections.close_all()
    return total
