"""Serve the console over HTTP and WebSocket."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from batchops.errors import Unavailable
from batchops.house.release import collect_static_files
from batchops.web.server import serve


class Command(BaseCommand):
    help = "Serve the console over HTTP and WebSocket until SIGTERM or Ctrl-C."
    # With the addresses all pages are imported, before somebody waits for one.
    requires_system_checks = ["batchops", "urls"]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            # A web machine of its own has never seen a release; when one has, this is only a look.
            collect_static_files()
            serve(host=options["host"], port=options["port"])
        except Unavailable as error:
            raise CommandError(error.message) from error
