"""Migrate as Django does, with the views for older SQL out of the way."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from batchops.house.legacy_views import create_views, drop_views, is_migrated


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        if options["plan"] or options["check_unapplied"]:
            super().handle(*args, **options)
            return
        connection = connections[options["database"]]
        if options["app_label"] or not is_migrated(connection):  # else nothing will change
            drop_views(connection)
        super().handle(*args, **options)
        if is_migrated(connection):
            create_views(connection)
