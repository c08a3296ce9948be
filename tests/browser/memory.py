"""Windows that remember what they showed, as a person would who never looks away."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor

SOON_MS = 15_000
# Whatever a bar or a badge showed since the page was loaded, by the name of the bar.
REMEMBER = """
(() => {
  window.shown = {};
  const note = (name, value) => {
    const values = (window.shown[name] ??= []);
    if (values.at(-1) !== value) values.push(value);
  };
  const look = () => {
    for (const bar of document.querySelectorAll("progress[value]")) {
      note(bar.ariaLabel, bar.value);
      const figure = bar.closest(".bar").querySelector(".bar-figure");
      if (figure) note(`${bar.ariaLabel} in words`, parseInt(figure.textContent));
      const state = bar.closest("section[data-live-topic^='job:']")?.querySelector(".badge");
      if (bar.value === 100 && state) note("beside 100", state.textContent.trim());
    }
    for (const badge of document.querySelectorAll("main .badge")) {
      const where = badge.closest("[id]").id;
      note(`badge ${where}`, badge.textContent.trim());
    }
  };
  const every = { subtree: true, childList: true, attributes: true, characterData: true };
  new MutationObserver(look).observe(document, every);
})();
"""


def remembering(visit: Visit) -> Visit:
    def open_window(role: str | None, **options: Any) -> Visitor:
        visitor = visit(role, **options)
        visitor.page.add_init_script(REMEMBER)
        return visitor

    return open_window


def shown(page: Page, name: str) -> list[Any]:
    values: list[Any] = page.evaluate("name => window.shown[name] ?? []", name)
    return values


def never_went_back(values: list[int]) -> bool:
    return values == sorted(values)
