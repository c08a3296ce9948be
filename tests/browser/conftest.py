"""Serve the console by its real server to a real Chromium, and watch both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import override_settings

from batchops.models import User
from tests.browser.chromium import Chromium, running_chromium
from tests.browser.visitor import Visitor
from tests.committed import _leave_nothing  # noqa: F401  (autouse)
from tests.unguarded import unguarded
from tests.web_process import WebProcess

PASSWORD = "a long and silly password"
BACKEND = "django.contrib.auth.backends.ModelBackend"
Visit = Callable[..., Visitor]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            for mark in ("browser", "processes", "django_db"):
                item.add_marker(mark)


@pytest.fixture
def _django_db_helper(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Let the test commit, for what the server must see.

    It stands here for pytest-django's fixture of the mark `django_db`.
    """
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    with running_chromium() as chromium:
        yield chromium


@pytest.fixture
def browser(chromium: Chromium) -> Iterator[Chromium]:
    """The worker's Chromium, for the time of this test."""
    with chromium.at_work():
        yield chromium


@pytest.fixture(scope="session")
def collected(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the static files collected and named as they are served."""
    folder = tmp_path_factory.mktemp("web")
    manifest = {"BACKEND": "batchops.web.static_files.ModuleManifestStorage"}
    with override_settings(
        STORAGES={**settings.STORAGES, "staticfiles": manifest}, STATIC_ROOT=folder / "static"
    ):
        call_command("collectstatic", interactive=False, verbosity=0)
    return folder


@pytest.fixture(scope="session")
def web(collected: Path) -> Iterator[WebProcess]:
    """`manage.py web` on the tests' database."""
    process = web_process(collected)
    process.start()
    yield process
    process.stop()


def web_process(folder: Path, **environment: str) -> WebProcess:
    """Return a server of the console that serves the static files in `folder`."""
    return WebProcess(
        database=connection.settings_dict,
        log=folder / "web.log",
        BATCHOPS_DATA_DIR=str(folder),
        SECRET_KEY=settings.SECRET_KEY,
        DJANGO_SETTINGS_MODULE="tests.browser.settings",
        UPLOAD_DISK_RESERVE_BYTES="0",
        # Pages say how old CC&B's figures are only where there is one.
        **{"CCB_URL": "postgresql://reader@nowhere/ccb", **environment},
    )


@pytest.fixture
def people(web: WebProcess, django_db_blocker: Any) -> Iterator[Callable[..., User]]:
    """Make people whom the server sees: committed, and gone after the test."""
    with django_db_blocker.unblock():
        known = set(User.objects.values_list("pk", flat=True))

        def make(name: str, role: str | None = None, **fields: Any) -> User:
            user = User.objects.create_user(name, password=PASSWORD, is_staff=True, **fields)
            user.groups.set(Group.objects.filter(name=role))
            return user

        yield make
        with unguarded():  # what they did in the admin would keep them
            User.objects.exclude(pk__in=known).delete()


@pytest.fixture
def visit(browser: Chromium, web: WebProcess, people: Callable[..., User]) -> Iterator[Visit]:
    """Open a browser window, logged in with `role` (None: a stranger); watch it to the end.

    `alone`: for a test that changes the window as a whole, such as its clock, for ever.
    """
    visitors: list[Visitor] = []

    with ExitStack() as windows:

        def open_window(
            role: str | None = "Administrator",
            *,
            java_script_enabled: bool = True,
            alone: bool = False,
            **looks: Any,
        ) -> Visitor:
            context = windows.enter_context(
                browser.window(web.origin, java_script_enabled=java_script_enabled, alone=alone)
            )
            visitor = Visitor(web.origin, context, context.new_page())
            visitor.dress(**looks)
            if role is not None:
                visitor.log_in(logged_in(people, role))
            visitor.watch()
            visitors.append(visitor)
            return visitor

        yield open_window
    complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
    assert complaints == [], web.log.read_text()[-5000:]


def logged_in(people: Callable[..., User], role: str) -> Client:
    """Return a client with a session of a new person of that role."""
    client = Client()
    name = f"{role.lower()}-{User.objects.count()}"
    client.force_login(people(name, role), backend=BACKEND)
    return client
