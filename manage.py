#!/usr/bin/env python3
"""Run BatchOps' commands: `manage.py help` lists them."""

import gc
import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "batchops.settings")
    if sys.argv[1:2] == ["up"]:
        # `up` makes what the settings are read from, so it must run before them.
        from batchops.house.up import main as up

        raise SystemExit(up(sys.argv[2:]))
    if sys.argv[1:2] == ["cluster"]:
        # django-q2 reads its cluster's name once, while Django starts.
        os.environ.setdefault("Q_CLUSTER_NAME", sys.argv[-1])
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        set_up()
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"BatchOps cannot start: {error}")
    except OperationalError as error:
        sys.exit(
            f"The database cannot be used: {str(error).strip()}\n"
            "Start BatchOps with `make run`, or check DATABASE_URL."
        )


def set_up() -> None:
    """Import everything first: none of it is ever garbage, and looking through it takes a third."""
    import django

    gc.disable()
    try:
        django.setup()
    finally:
        gc.freeze()
        gc.enable()


if __name__ == "__main__":
    main()
