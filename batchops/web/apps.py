from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.contrib.admin import autodiscover
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core.checks import CheckMessage, Tags, register


class BatchOpsAdminConfig(SimpleAdminConfig):
    """The admin, whose pages are imported by who serves or checks them (batchops.web.urls)."""

    default_site = "batchops.web.admin_site.ConsoleSite"

    def ready(self) -> None:
        from batchops.registry import fill

        register(check_dependencies, Tags.admin)
        register(check_pages, Tags.admin)
        fill("batchops.cluster.ticks", _register_ticks)


def check_pages(app_configs: Sequence[AppConfig] | None, **_: Any) -> Sequence[CheckMessage]:
    """Check the admin's pages, all of them."""
    autodiscover()
    return check_admin_app(app_configs)


def _register_ticks() -> None:
    from batchops.web.reports import sending

    sending.register_ticks()
