"""Time one peer's batch and say it as a line of JSON; needs nothing but Python."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

WORKERS = 4
STARTS_WITHIN_S = 60
ENDS_WITHIN_S = 120


def run(main: Callable[[], None]) -> None:
    """Run a peer; what goes wrong is a line like its figures."""
    try:
        main()
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        print(json.dumps({"way": main.__module__, "left_out": reason}))  # noqa: T201
        raise


def measure(way: str, items: int, work: Callable[[], int]) -> None:
    """Print how many items a second `work` did; it returns how many it saw done."""
    begun_at = time.monotonic()
    done = work()
    took_s = time.monotonic() - begun_at
    assert done == items, f"{way}: {done} of {items} items were done."
    print(json.dumps({"way": way, "items": items, "items_per_s": round(items / took_s)}))  # noqa: T201


@contextmanager
def workers(*command: str, count: int = 1) -> Iterator[None]:
    """Run `count` of these workers meanwhile."""
    started = [
        subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL)
        for _ in range(count)
    ]
    try:
        yield
    finally:
        for worker in started:
            worker.terminate()
        for worker in started:
            try:
                worker.wait(20)
            except subprocess.TimeoutExpired:
                worker.kill()


def until(is_so: Callable[[], bool], within_s: float) -> None:
    """Wait until it is so."""
    ends_at = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < ends_at, f"It did not happen in {within_s} s."
        time.sleep(0.05)
