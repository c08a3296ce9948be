from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from batchops.ccb.checks import Site, judge, statements_for
from batchops.ccb.client import read_checks
from batchops.ccb.errors import CcbError
from batchops.ccb.source import parse_source

# CC&B's codes of the six steps as seeded.
CODES = ("CM-DMRU", "D1-IMD", "C1-PPBTR", "F1-FLUSH", "CM_BSGGN", "BILLREST")


class Command(BaseCommand):
    help = "Check on the first day that CC&B can be read, only read, and is as we know it."
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--codes", nargs="*", default=CODES, help="batch codes of the steps")

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
            codes=options["codes"],
            allowed="READ" if source.dialect == "oracle" else "SELECT",
        )
        verdicts = judge(lines, source, site)
        for verdict in verdicts:
            self.stdout.write(str(verdict))
        marks = [verdict.mark for verdict in verdicts]
        if "missing" in marks:
            raise CommandError(f"{marks.count('missing')} of {len(marks)} checks miss a grant.")
        self.stdout.write(f"{marks.count('ok')} ok, {marks.count('look')} to look at.")
