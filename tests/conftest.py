"""Give every test a real PostgreSQL and the first data."""

from __future__ import annotations

import pytest

from tests.embedded import prepare_environment

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
django.setup()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> None:
    from django.db import connection

    from batchops.web.first_data import load_first_data

    # Without a test marked `django_db`, pytest-django makes no database, and this one is real.
    if not connection.settings_dict["NAME"].startswith("test_"):
        pytest.exit("No test of this selection is marked django_db, so there is no test database.")
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        load_first_data()
