"""Play plan after plan on a site of its own, and shrink the first that breaks something.

python -m tests.chaos --minutes 30 [--seed 1] [--steps 60] [--only]   --only: one plan, that seed's
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cryptography.fernet import Fernet

os.environ |= {
    "DJANGO_SETTINGS_MODULE": "batchops.settings",
    "SECRET_KEY": "only-for-chaos-and-long-enough-to-pass-every-check-of-it",
    "BATCHOPS_SECRETS_KEY": Fernet.generate_key().decode(),
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nowhere",
}
OWN = {name: os.environ[name] for name in ("SECRET_KEY", "BATCHOPS_SECRETS_KEY")}
MINUTES = os.environ.get("BATCHOPS_CHAOS_MINUTES", "30")
SHRINKING_S = 900


def say(text: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S', time.gmtime())} {text}\n")
    sys.stdout.flush()


@contextmanager
def playing() -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield what carries plans out on a site of its own, and the faults that can be done to it."""
    from batchops.house.places import remove
    from tests.alerts.mailbox import Mailbox, serving
    from tests.chaos.apart import ApartSite
    from tests.chaos.environment import SETTINGS
    from tests.chaos.faults import APART, EVERYWHERE
    from tests.chaos.judge import Judge
    from tests.chaos.plan import Play
    from tests.embedded import temporary_folder
    from tests.house.disks import small_disk
    from tests.house.running import left_over

    mailbox, folder = Mailbox(), temporary_folder()
    with serving(mailbox) as port, small_disk(folder / "disk", "900m") as disk:
        try:
            site = ApartSite(disk, mail_port=port, settings={**SETTINGS, **OWN})
            faults = EVERYWHERE | APART
            if not site.has_small_disk:
                say("No disk is filled: this machine does not let us mount a small one.")
                del faults["fill disk"]
            yield lambda plan: Play(site, Judge(site, mailbox), faults).run(plan), faults
            site.end()
        finally:  # whatever came of it, also when the site never came to life
            for process in left_over(folder):
                process.kill()
            if (disk / "database").exists():
                remove(disk / "database")
    remove(folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--only", action="store_true")
    given = parser.parse_args()

    import django

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))  # through every `finally`
    django.setup()
    logging.disable(logging.CRITICAL)
    with playing() as (play, faults):
        return soak(given, play, faults)


def soak(given: argparse.Namespace, play: Any, faults: dict[str, Any]) -> int:
    """Play until the time is over or something breaks; return the exit code."""
    from tests.chaos.plan import Report, chaos_plan

    total, seed, began_at = Report(), given.seed, time.monotonic()
    while not total.broken:
        plan = chaos_plan(seed, steps=given.steps, faults=faults)
        report = play(plan)
        say(f"seed {seed}: {report}")
        total.add(report)
        if total.broken and not given.only:
            shorten(plan, play, seed)
        passed_s = time.monotonic() - began_at
        if given.only or passed_s > 60 * given.minutes:
            break
        seed += 1
    passed_s = time.monotonic() - began_at
    say(f"{seed - given.seed + 1} plans in {passed_s / 60:.1f} minutes: {total}")
    return 1 if total.broken else 0


def shorten(plan: list[Any], play: Any, seed: int) -> None:
    """Say which part of a plan is enough to break something, as far as that is found in time."""
    from tests.jobs.harness.plan import shrink

    ends_at = time.monotonic() + SHRINKING_S

    def breaks(shorter: list[Any]) -> bool:
        return time.monotonic() < ends_at and bool(play(shorter).broken)

    least = shrink(plan, breaks)
    say(f"seed {seed} breaks by these {len(least)} of its {len(plan)} steps: {least}")
    say(f"Once more: python -m tests.chaos --seed {seed} --steps {len(plan)} --only")


if __name__ == "__main__":
    sys.exit(main())
