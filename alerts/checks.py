"""Check that what channels keep sealed can be opened; docs/settings.md lists the ids."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register
from django.db import connections

from alerts.models import ChannelSecret
from alerts.secrets import unreadable_channels


@register("batchops", Tags.database)
def check_channels(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that a key opens each secret of a channel (E035); under DEBUG it is a warning."""
    if "default" not in (databases or ()) or not _is_stored():
        return []
    names = unreadable_channels()
    if not names:
        return []
    kind = checks.Warning if settings.DEBUG else checks.Error
    return [
        kind(
            f"BATCHOPS_SECRETS_KEY does not open what these channels keep: {', '.join(names)}.",
            hint="Set it to the key that they were sealed by (docs/settings.md), or enter their "
            "addresses again.",
            id="batchops.E035",
        )
    ]


def _is_stored() -> bool:
    tables = connections["default"].introspection.table_names()
    return ChannelSecret._meta.db_table in tables
