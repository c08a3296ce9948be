"""Be one worker process: run slices for as long as nobody ends it."""

import os
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "batchops.settings")


def main() -> None:
    import django

    django.setup()
    from jobs import tasks
    from tests.jobs.harness import types  # noqa: F401  (registers the types that misbehave)

    print("ready", flush=True)  # noqa: T201
    idle_s = float(sys.argv[1]) if len(sys.argv) > 1 else 0.05
    while True:
        tasks.work()
        time.sleep(idle_s)


if __name__ == "__main__":
    main()
