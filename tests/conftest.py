"""Give every test a real PostgreSQL and the first data."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest

# What is imported and collected stays to the end: no collector need pass over it before.
gc.disable()

from tests.embedded import is_own_server, prepare_environment  # noqa: E402

# Now, not in a hook: the conftest files of the folders below may import models.
prepare_environment()

import django  # noqa: E402
from django.conf import settings  # noqa: E402

# Hashing well is slow on purpose, and the tests' passwords protect nothing.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Pages name static files as they are, so that no test needs them collected.
settings.STORAGES["staticfiles"]["BACKEND"] = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
)
# WhiteNoise looks at each file below it for each new test client, and commands that tests start
# collect into the folder of the settings: in this one there is never any.
settings.STATIC_ROOT = settings.DATA_DIR / "no-static"
django.setup()


def pytest_configure(config: pytest.Config) -> None:
    from tests import migrated

    if config.getoption("numprocesses", None) and is_own_server():
        migrated.begin()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from tests.together import Together

    return Together(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """Let the worker's database be a copy of the one that was migrated for all."""
    from django.db import connection

    from tests import migrated

    if is_own_server():
        connection.settings_dict["TEST"]["TEMPLATE"] = migrated.template()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    from django.db import connection
    from django.test import TransactionTestCase

    from batchops.web.first_data import load_first_data
    from tests.committed import put_back, remember
    from tests.waiting import wait_for

    # Without a test marked `django_db`, pytest-django makes no database, and this one is real.
    if not connection.settings_dict["NAME"].startswith("test_"):
        pytest.exit("No test of this selection is marked django_db, so there is no test database.")
    with django_db_blocker.unblock():
        load_first_data()
        remember()
    # What the mark's `transaction=True` does after a test; else it empties every table.
    TransactionTestCase._fixture_teardown = lambda _: put_back()  # type: ignore[attr-defined]
    yield
    # A server that was killed is gone before its connections are, and those forbid the drop.
    with django_db_blocker.unblock():
        wait_for(lambda: others_connected() == [], 10, "others to leave the database")


def pytest_collection() -> None:
    """Keep hypothesis from drawing what it finds in the modules that a worker has imported so far.

    It would parse them all, in each worker, and with the same seed draw something else after other
    tests. `make chaos` takes what it finds.
    """
    if "BATCHOPS_ROUNDS" not in os.environ:
        from hypothesis.internal.conjecture import providers

        providers._get_local_constants = lambda: providers._local_constants


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """See that a test read out, or closed, what it was streamed, which holds locks until then."""
    left = [thread for thread in threading.enumerate() if thread.name == "streamed"]
    for thread in left:
        thread.join(5)
        thread.name = "streamed, and blamed on a test"
    left = [thread for thread in left if thread.is_alive()]
    yield
    assert not left, "Read the answer out, or close it."


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: begun last, it would keep all others waiting.

    One worker goes through all that need a browser; then come the files that start processes.
    """
    browser, processes = (
        {item.path for item in items if item.get_closest_marker(mark)}
        for mark in ("browser", "processes")
    )
    items.sort(key=lambda item: (item.path not in browser, item.path not in processes))


def pytest_collection_finish() -> None:
    """Let the garbage collector look, in long steps, only at what tests leave behind."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def others_connected() -> list[tuple[Any, ...]]:
    """Return who else is connected to the tests' database, and what they asked last."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid, application_name, state, left(query, 100) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return list(cursor.fetchall())
