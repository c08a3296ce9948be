"""Run the harness by hand, against the database of DATABASE_URL, which it empties.

python -m tests.jobs.harness --seed 1 --seconds 300 --workers 4 [--cluster]
"""

import argparse
import logging
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "batchops.settings")
os.environ |= {
    "HEARTBEAT_INTERVAL_S": "0.5",
    "JOBS_LEASE_S": "1.5",
    "JOBS_SLICE_S": "1",
    "JOBS_STUCK_AFTER_S": "2",
}


def main() -> None:
    import django

    django.setup()
    from tests.jobs.harness.plan import soak

    logging.disable(logging.CRITICAL)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--cluster", action="store_true")
    print(soak(**vars(parser.parse_args())))  # noqa: T201


main()
