"""Print a new API token, once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from batchops.access import create_token
from batchops.errors import BatchOpsError
from batchops.models import User


class Command(BaseCommand):
    help = "Make an API token for a user and print its key, which is never shown again."
    requires_system_checks = ["batchops"]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="the user's login name")
        parser.add_argument("name", help="what will use the token, for example 'crp console'")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(
                f"There is no user '{options['user']}'. Make one in the admin, or check the name."
            )
        try:
            key = create_token(user=user, name=options["name"])
        except BatchOpsError as error:
            raise CommandError(error.message) from error
        self.stdout.write(key)
