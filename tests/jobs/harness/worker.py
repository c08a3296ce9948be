"""Fork a worker process for each line that comes in, and answer with its process id.

What a worker needs is imported once, here. All of them end with this process.
"""

import os
import signal
import sys
import time
from typing import NoReturn

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "batchops.settings")
IDLE_S = 0.2


def main() -> None:
    import django

    django.setup()
    from batchops import registry
    from tests.jobs.harness import types  # noqa: F401  (registers the types that misbehave)

    registry.load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who ends is gone at once
    starter = os.getpid()
    for _ in sys.stdin:
        if not (pid := os.fork()):
            work(starter)
        print(pid, flush=True)  # noqa: T201


def work(starter: int) -> NoReturn:
    """Run slices for as long as nobody ends this process, nor the one that started it."""
    from batchops.cluster.linux import signal_me_when_parent_dies
    from jobs import tasks

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal_me_when_parent_dies(signal.SIGKILL, parent=starter)
    while True:
        tasks.work()
        time.sleep(IDLE_S)


if __name__ == "__main__":
    main()
