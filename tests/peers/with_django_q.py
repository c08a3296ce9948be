"""A batch on plain django-q2 with the ORM broker: one task an item, each with its row."""

from __future__ import annotations

import os
import sys
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings

from tests.peers.reporting import ENDS_WITHIN_S, WORKERS, measure, run, until, workers

ITEMS = 1_000


def configure() -> None:
    address = urlsplit(os.environ["PEER_DATABASE_URL"])
    settings.configure(
        SECRET_KEY="of the peers alone",
        USE_TZ=True,
        INSTALLED_APPS=["django.contrib.contenttypes", "django_q"],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": address.path.strip("/"),
                "USER": address.username,
                "PASSWORD": address.password,
                "HOST": parse_qs(address.query)["host"][0],
                "CONN_MAX_AGE": 60,
            }
        },
        Q_CLUSTER={
            "name": "peers",
            "orm": "default",
            "workers": WORKERS,
            "bulk": 10,
            "timeout": 60,
            "retry": 600,
            "poll": 0.2,
            "save_limit": 0,
        },
        LOGGING={"version": 1, "loggers": {"django-q": {"level": "ERROR"}}},
    )
    django.setup()


def item(number: int) -> int:
    return number


def as_tasks(items: int) -> int:
    from django_q.models import Success
    from django_q.tasks import async_task

    group = f"batch of {items}"
    for number in range(items):
        async_task("tests.peers.with_django_q.item", number, group=group)
    done = Success.objects.filter(group=group)
    until(lambda: done.count() == items, ENDS_WITHIN_S)
    return int(done.count())


def main() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    with workers("-m", "tests.peers.with_django_q", "cluster"):
        as_tasks(50)
        measure("django-q2, a task an item", ITEMS, lambda: as_tasks(ITEMS))


def be_cluster() -> None:
    from django.core.management import call_command

    call_command("qcluster")


if __name__ == "__main__":
    configure()
    be_cluster() if "cluster" in sys.argv else run(main)
