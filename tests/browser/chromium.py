"""One Chromium for all tests of a worker; what it has loaded once, it need not load again."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, sync_playwright

# The first has no windows to draw, and needs a quarter less.
PROGRAMS = ["chromium-headless-shell", "chromium", "chromium-browser"]
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A process for each new page costs more than the page.
    "--renderer-process-limit=1",
]


@dataclass
class Chromium:
    """A browser whose windows (contexts, each with its own cookies and store) are used again."""

    browser: Browser
    loop: asyncio.AbstractEventLoop
    _idle: dict[bool, list[BrowserContext]] = field(default_factory=dict)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let Playwright's loop be this thread's for a test; tests that are async need their own.

        Django then takes our calls for async ones, and gives them a connection of their own.
        """
        asyncio._set_running_loop(self.loop)
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        yield
        connection.close()
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        asyncio._set_running_loop(None)

    @contextmanager
    def window(
        self, origin: str, *, java_script_enabled: bool = True, alone: bool = False
    ) -> Iterator[BrowserContext]:
        """Lend a window with nothing of `origin` stored; one `alone` was and is nobody else's."""
        idle = [] if alone else self._idle.setdefault(java_script_enabled, [])
        context = idle.pop() if idle else self._new_window(java_script_enabled)
        yield context
        if alone:
            context.close()
        else:
            clear(context, origin)
            idle.append(context)

    def _new_window(self, java_script_enabled: bool) -> BrowserContext:
        context = self.browser.new_context(java_script_enabled=java_script_enabled)
        context.new_page()  # it stays open, and with it the process
        return context


def clear(context: BrowserContext, origin: str) -> None:
    """Close all pages but the first, and forget whatever `origin` stored."""
    first, *others = context.pages
    for page in others:
        page.unroute_all(behavior="wait")  # a route that still runs fails on a page that is gone
        page.close()
    context.set_offline(False)
    context.clear_cookies()
    session = context.new_cdp_session(first)
    session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
    session.detach()


@contextmanager
def running_chromium() -> Iterator[Chromium]:
    """Start it, or skip the tests where there is none."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        sentence = (
            "No Chromium is on the PATH: install it (Debian: apt install chromium-headless-shell)."
        )
        if os.environ.get("BATCHOPS_REQUIRE_BROWSER") == "1":
            pytest.fail(sentence)
        pytest.skip(sentence)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        yield Chromium(browser, loop)
        asyncio._set_running_loop(loop)
