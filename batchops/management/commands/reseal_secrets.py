"""Seal the channels' secrets anew by the first key of BATCHOPS_SECRETS_KEY."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from alerts.lifecycle import reseal_secrets
from batchops.sealing import SecretUnreadable


class Command(BaseCommand):
    help = (
        "Seal all addresses and secrets of channels by the first key of BATCHOPS_SECRETS_KEY; "
        "the keys behind it can be taken away then."
    )
    requires_system_checks = ["batchops"]

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            n = reseal_secrets()
        except SecretUnreadable as error:
            raise CommandError(f"Nothing was changed. {error.message}") from None
        self.stdout.write(f"{n} secrets are sealed by the first key of BATCHOPS_SECRETS_KEY.")
