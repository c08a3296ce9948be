"""Measure a batch of documents to its finished ZIP against reportlab alone on all cores."""

import os
import time
from multiprocessing import get_context
from multiprocessing.pool import Pool
from statistics import median
from typing import Any

from django.conf import settings
from django.db import connection

from batchops.errors import Unavailable
from batchops.management import drills
from batchops.management.benches import Bench
from jobs import states
from jobs.models import Artifact, Job
from jobs.start import Order, start_job
from jobs.types.document import draw
from jobs.types.document.recipients import recipient_of

DOCUMENTS = 2_000
WARM_UP = 200
ROUNDS = 3
WITHIN_S = 300
LOOK_EVERY_S = 0.05
GOAL_RATIO = 1.5
PARAMS = {
    "template": """# Your bill for November

{name}
{address}

Dear **{name}**,

the bill of account *{account}* is ready. It stands at **{amount} taka** and is due on the tenth of
the next month. Thank you for the last payment, which came in time.

## How to pay

- at any counter of a bank, with this letter;
- by mobile money, with the account's number {account};
- by standing order, for which the form lies at our offices.

What was paid in the last seven days may not be in this figure. If so, pay the difference alone.

With kind regards
the customer service""",
    "fileName": "Bill {account}",
    "paper": "A4",
}


def run() -> dict[str, Any]:
    """Draw DOCUMENTS one-page documents, ROUNDS times by reportlab alone and as a job, in turns.

    Alone: as many processes as there are cores share the same letters out and keep nothing. The
    job counts from its request's commit until its ZIP is in the storage; its recipients come with
    the request. Both are warm: a first round of WARM_UP letters is not counted. On a busy machine
    `cpu_ratio` says more than `ratio`: CPU seconds of the whole cluster, server and all, to those
    alone.

    :raises Unavailable: when no cluster comes to life, or a ZIP is not made in time.
    """
    cores = len(os.sched_getaffinity(0))
    connection.close()  # those who draw alone must not share it
    with get_context("fork").Pool(cores) as pool, drills.cluster():
        pool.map(_draw_alone, range(WARM_UP))
        _made(WARM_UP)
        rounds = [_round(pool) for _ in range(ROUNDS)]
    alone, alone_cpu, made, made_cpu, zipped = map(median, zip(*rounds, strict=True))
    return {
        "documents": DOCUMENTS,
        "rounds": ROUNDS,
        "cores": cores,
        "workers": settings.JOBS_WORKERS,
        "alone_s": round(alone, 2),
        "zip_ready_s": round(made, 2),
        "of_it_zipping_s": round(zipped, 2),
        "ratio": round(median(one[2] / one[0] for one in rounds), 2),
        "goal_ratio": GOAL_RATIO,
        "alone_cpu_s": round(alone_cpu, 2),
        "cluster_cpu_s": round(made_cpu, 2),
        "cpu_ratio": round(made_cpu / alone_cpu, 2),
        "documents_per_s": round(DOCUMENTS / made),
    }


def _round(pool: Pool) -> tuple[float, float, float, float, float]:
    """Return seconds, and CPU seconds: alone, of the job, and what of it was zipping."""
    begun = time.monotonic()
    alone_cpu = sum(pool.map(_draw_alone, range(DOCUMENTS), chunksize=25))
    alone = time.monotonic() - begun
    before = drills.cpu()
    job, artifact = _made(DOCUMENTS)
    made_cpu = sum(drills.cpu().since(before))
    assert job.finished_at
    assert artifact.made_at
    made = (artifact.made_at - job.created_at).total_seconds()
    zipped = (artifact.made_at - job.finished_at).total_seconds()
    return alone, alone_cpu, made, made_cpu, zipped


def _values(number: int) -> dict[str, str]:
    return {
        "account": f"{4_711_000 + number}",
        "name": f"Customer {number}",
        "address": f"House {number}\nRoad {number % 40}\nDhaka {1200 + number % 40}",
        "amount": f"{number * 7.5:,.2f}",
    }


def _draw_alone(number: int) -> float:
    """Draw one letter and return the CPU seconds it took."""
    begun = time.process_time()
    draw(PARAMS, recipient_of(_values(number)), title="Bill")
    return time.process_time() - begun


def _made(documents: int) -> tuple[Job, Artifact]:
    items = [_values(number) for number in range(documents)]
    order = Order(type="document", params=PARAMS, items=items, title="Bench")
    job = start_job(order, actor=drills.ACTOR)
    ends_at = time.monotonic() + WITHIN_S
    while not (ready := Artifact.objects.filter(job=job, state=states.READY).first()):
        if time.monotonic() > ends_at:
            raise Unavailable(f"The ZIP of job {job.pk} did not come in {WITHIN_S} s.")
        # The server's own times are measured, so how often one looks does not matter.
        time.sleep(LOOK_EVERY_S)
    job.refresh_from_db()
    return job, ready


BENCH = Bench(
    "documents", f"{DOCUMENTS:,} one-page PDFs to a ZIP, against reportlab alone on all cores", run
)
