"""Give every test a real PostgreSQL and the first data."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> None:
    from batchops.web.first_data import load_first_data

    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        load_first_data()
