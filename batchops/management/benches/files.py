"""Measure rows a second of a file batch, through a real cluster of the jobs kind."""

import io
import random
import zipfile
from statistics import median
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from batchops.management import drills
from batchops.management.benches import Bench
from batchops.models import User
from jobs import uploads
from jobs.models import Job, RunSummary
from jobs.start import Order

ARCHIVES = 10
FILES = 1_000
ROWS = 1_000
ROUNDS = 3
ROUND_S = 300
OWNER = "bench"
STATUSES = ["ok", "estimated", "missing"]
COLUMNS: list[dict[str, Any]] = [
    {"name": "meter", "required": True, "pattern": "M[0-9]{7}"},
    {"name": "account", "type": "integer", "required": True, "min": "0"},
    {"name": "read_on", "type": "date", "required": True, "min": "2020-01-01"},
    {"name": "reading", "type": "decimal", "required": True, "min": "0", "max": "100000"},
    {"name": "status", "type": "choice", "required": True, "allowed": STATUSES},
    {"name": "note", "max": "200"},
]


def run() -> dict[str, Any]:
    """Check FILES CSV files of ROWS rows in ARCHIVES archives, ROUNDS times after one to warm up.

    `rows_per_s_per_worker` counts the time from the first lease to the job's end, for every worker
    of the cluster; `work_rows_per_s` only the time that workers were at files, and
    `rows_per_cpu_s` the CPU seconds of the whole cluster, which a busy machine hardly changes.

    :raises Unavailable: when no cluster comes to life, or a round does not end.
    """
    owner, _ = User.objects.get_or_create(username=OWNER, defaults={"is_active": False})
    archives = [_archive(number) for number in range(ARCHIVES)]
    with drills.cluster():
        _check(owner, archives[:1])
        before = drills.cpu()
        jobs = [_check(owner, archives) for _ in range(ROUNDS)]
        worker_s, _server_s = drills.cpu().since(before)
    whole = [FILES * ROWS / (_seconds(job) * settings.JOBS_WORKERS) for job in jobs]
    summaries = RunSummary.objects.filter(job__in=jobs).values_list("details", flat=True)
    work = [details["rows"] / details["workSeconds"] for details in summaries]
    return {
        "files": FILES,
        "rows_per_file": ROWS,
        "rounds": ROUNDS,
        "workers": settings.JOBS_WORKERS,
        "seconds": round(median(map(_seconds, jobs)), 2),
        "rows_per_s": round(median(whole) * settings.JOBS_WORKERS),
        "rows_per_s_per_worker": round(median(whole)),
        "work_rows_per_s": round(median(work)),
        "rows_per_cpu_s": round(ROUNDS * FILES * ROWS / worker_s),
        "all_valid": all(one["validRows"] == FILES * ROWS for one in summaries),
    }


def _check(owner: User, archives: list[bytes]) -> Job:
    files = [SimpleUploadedFile(f"{number}.zip", one) for number, one in enumerate(archives)]
    with uploads.brought(files, owner=owner, actor=drills.ACTOR) as ids:
        order = Order(
            type="file_batch",
            params={"columns": COLUMNS},
            title="Bench",
            files=ids,
            files_of=owner,
        )
        job = drills.run(order, within_s=ROUND_S)
    drills.wait_until(lambda: RunSummary.objects.filter(job=job).exists(), within_s=ROUND_S)
    return job


def _archive(number: int) -> bytes:
    chance = random.Random(number)  # noqa: S311 (the same rows each time)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in range(FILES // ARCHIVES):
            archive.writestr(f"{number}-{name}.csv", _table(chance))
    return packed.getvalue()


def _table(chance: random.Random) -> str:
    names = ",".join(column["name"] for column in COLUMNS)
    rows = (
        f"M{row:07},{chance.randrange(10**9)},2026-{chance.randrange(1, 13):02}-15,"
        f"{chance.random() * 1000:.3f},{chance.choice(STATUSES)},note {row}"
        for row in range(ROWS)
    )
    return "\n".join([names, *rows, ""])


def _seconds(job: Job) -> float:
    assert job.started_at is not None
    assert job.finished_at is not None
    return (job.finished_at - job.started_at).total_seconds()


BENCH = Bench("files", f"rows a second: {ROUNDS} batches of {FILES:,} files of {ROWS:,} rows", run)
