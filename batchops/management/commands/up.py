"""Run everything on this machine; manage.py hands over before Django's settings are needed."""

from typing import Any

from django.core.management import BaseCommand, CommandParser

from batchops.house.house import Options
from batchops.house.up import add_options, run


class Command(BaseCommand):
    help = "Runs PostgreSQL, web, both clusters and a simulated CC&B until it is stopped."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        asked = {name: options[name] for name in Options.__annotations__}
        raise SystemExit(run(Options(**asked)))
