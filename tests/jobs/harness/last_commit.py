"""Measure how long a job stays unsummarised whose worker died right after its last commit.

Real timings (sweep every 30 s), one worker, no web server, on the database of DATABASE_URL,
which it empties:  python -m tests.jobs.harness.last_commit
"""

import logging
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "batchops.settings")

PROMISED_S = 40


def main() -> None:
    import django

    django.setup()
    logging.disable(logging.CRITICAL)
    for how in ("kill", "exit"):
        print(f"{how}: whole after {measure(how):.1f} s, promised {PROMISED_S} s")  # noqa: T201


def measure(how: str) -> float:
    """Return the seconds from the commit that ended the job to its summary.

    :raises AssertionError: when it is longer than promised, or something is not whole.
    """
    from jobs import start
    from jobs.models import Job
    from tests.jobs.harness import checks
    from tests.jobs.harness.plan import empty_tables
    from tests.jobs.harness.workers import Cluster
    from tests.waiting import wait_for

    def summarised() -> Job | None:
        cluster.heal()
        return Job.objects.filter(summarised_at__isnull=False).first()

    empty_tables()
    checks.install_audit()
    with Cluster({"HARNESS_DIES": how, "JOBS_WORKERS": "1"}) as cluster:
        # One chunk, so that no worker has rung for another one meanwhile.
        items: list[dict[str, object]] = [{"ms": 1}] * 10
        order = start.Order(type="drill", params={"items": len(items)}, items=items)
        start.start_job(order, actor="user:harness")
        job = wait_for(summarised, PROMISED_S + 30, "the summary")
        assert job is not None
        assert job.finished_at is not None
        assert job.summarised_at is not None
        assert checks.broken_invariants() == {}
    checks.remove_audit()
    took_s = (job.summarised_at - job.finished_at).total_seconds()
    assert took_s < PROMISED_S, f"{how}: {took_s:.1f} s"
    return took_s


if __name__ == "__main__":
    main()
