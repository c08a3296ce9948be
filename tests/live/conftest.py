"""Start the web server once per worker on the tests' database, with people who may watch."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client as Browser
from websockets.sync.client import ClientConnection, connect

from batchops.models import User
from tests.committed import _leave_nothing  # noqa: F401  (autouse)
from tests.live.board import notes
from tests.people import logged_in
from tests.web_process import WebProcess

ANSWER_WITHIN_S = 10
TIMINGS = {
    "HEARTBEAT_INTERVAL_S": "1",
    "LIVE_REAUTHORISE_INTERVAL_S": "1",
    "LIVE_SILENCE_S": "6",
    "LIVE_SOCKETS_PER_USER": "8",
}

_numbers = itertools.count(1)


@pytest.fixture
def _django_db_helper(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Let the test commit, as the server's own connections must see what it does.

    It stands here for pytest-django's fixture of the mark `django_db`, which would either roll
    everything back or undo every commit afterwards, under the running server.
    """
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="session")
def web(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WebProcess]:
    with django_db_blocker.unblock():
        notes.create_table()
        settings = dict(connection.settings_dict)
    folder = tmp_path_factory.mktemp("web")
    server = WebProcess(
        database=settings,
        log=folder / "web.log",
        BATCHOPS_DATA_DIR=str(folder),
        DJANGO_SETTINGS_MODULE="tests.live.settings",
        **TIMINGS,
    )
    server.start()
    yield server
    server.stop()
    with django_db_blocker.unblock():
        notes.drop_table()


@pytest.fixture
def new_watcher(_django_db_helper: None) -> Iterator[Callable[[], User]]:
    """Make people who may watch the board through a role."""
    group = Group.objects.create(name=f"Watchers {next(_numbers)}")
    group.permissions.add(Permission.objects.get(codename="view_health"))
    people = []

    def make() -> User:
        person = User.objects.create_user(f"watcher{next(_numbers)}", is_staff=True)
        person.groups.add(group)
        people.append(person.pk)
        return person

    yield make
    User.objects.filter(pk__in=people).delete()
    group.delete()


@pytest.fixture
def watcher(new_watcher: Callable[[], User]) -> User:
    return new_watcher()


@pytest.fixture
def browser(watcher: User) -> Browser:
    return logged_in(watcher)


class Screen:
    """One client of the socket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def send(self, **message: Any) -> None:
        self.connection.send(json.dumps(message))

    def text(self, timeout_s: float = ANSWER_WITHIN_S) -> str:
        text = self.connection.recv(timeout=timeout_s)
        assert isinstance(text, str)
        return text

    def frame(self, timeout_s: float = ANSWER_WITHIN_S) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(self.text(timeout_s))
        return frame

    def watch(self, *addresses: str) -> list[dict[str, Any]]:
        """Subscribe and return the answer to each."""
        self.send(subscribe=list(addresses))
        return [self.frame() for _ in addresses]

    def frames_until(self, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        frames = [self.frame()]
        while not wanted(frames[-1]):
            frames.append(self.frame())
        return frames


@pytest.fixture
def open_screen(web: WebProcess) -> Iterator[Callable[..., Screen]]:
    """Connect with a browser's session, or with the headers and origin given."""
    opened = ExitStack()

    def open_one(browser: Browser | None = None, **options: Any) -> Screen:
        headers = dict(options.pop("headers", {}))
        if browser is not None:
            headers["Cookie"] = f"sessionid={browser.cookies['sessionid'].value}"
        options.setdefault("origin", web.origin)
        address = options.pop("address", f"ws://127.0.0.1:{web.port}/ws/live/")
        line = connect(address, additional_headers=headers, proxy=None, **options)
        return Screen(opened.enter_context(line))

    with opened:
        yield open_one


@pytest.fixture
def screen(open_screen: Callable[..., Screen], browser: Browser) -> Screen:
    return open_screen(browser)


@pytest.fixture
def log(web: WebProcess) -> Path:
    return web.log
