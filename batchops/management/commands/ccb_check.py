from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from batchops.ccb.bill_stop import codes_by_table
from batchops.ccb.checks import Site, judge, statements_for
from batchops.ccb.client import read_checks
from batchops.ccb.errors import CcbError
from batchops.ccb.source import parse_source
from monitoring import queries
from monitoring.workflow import SEEDED


class Command(BaseCommand):
    help = "Check on the first day that CC&B can be read, only read, and is as we know it."
    requires_system_checks = ["batchops"]
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--codes", nargs="*", help="CC&B's batch codes to look for (those of the steps)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            source = parse_source(settings.CCB_URL)
            self.stdout.write(f"CC&B: {source.user} at {source.place}")
            lines = read_checks(statements_for(source))
        except CcbError as error:
            raise CommandError(f"{error.message} [{error.code}]") from error
        site = Site(
            at=timezone.now(),
            zone=settings.SITE_ZONE,
            simulated=source.clock == "simulated",
            codes=_codes() if options["codes"] is None else options["codes"],
            allowed="READ" if source.dialect == "oracle" else "SELECT",
            bill_stop=codes_by_table(),
        )
        verdicts = judge(lines, source, site)
        for verdict in verdicts:
            self.stdout.write(str(verdict))
        marks = [verdict.mark for verdict in verdicts]
        wrong = [
            f"{marks.count(mark)} of {len(marks)} checks {what}"
            for mark, what in (("missing", "miss a grant"), ("failed", "failed"))
            if mark in marks
        ]
        if wrong:
            raise CommandError(f"{', '.join(wrong)}.")
        self.stdout.write(f"{marks.count('ok')} ok, {marks.count('look')} to look at.")


def _codes() -> list[str]:
    """Return CC&B's codes of the steps, as seeded where our own database has none (yet)."""
    try:
        stored = queries.source_codes()
    except DatabaseError:
        stored = []
    return stored or [step["source_batch_cd"] for step in SEEDED]
