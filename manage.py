#!/usr/bin/env python3
"""Run BatchOps' commands: `manage.py help` lists them."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "batchops.settings")
    if sys.argv[1:2] == ["up"]:
        # `up` makes what the settings are read from, so it must run before them.
        from batchops.house.up import main as up

        raise SystemExit(up(sys.argv[2:]))
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"BatchOps cannot start: {error}")
    except OperationalError as error:
        sys.exit(
            f"The database cannot be used: {str(error).strip()}\n"
            "Start BatchOps with `make run`, or check DATABASE_URL."
        )


if __name__ == "__main__":
    main()
