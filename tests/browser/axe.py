"""Judge a page by axe-core: names, roles, contrast, sizes, landmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.browser.visitor import Visitor

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
# What surrounds every page in the same way.
FRAME = [".sidebar", ".topbar", "[data-keys]"]
# The label of the lists' search is an icon with a text of its own, which that rule does not see.
RUN = """axe.run({exclude: %s}, {
  resultTypes: ['violations'], preload: false, runOnly: %s,
  rules: {'label-title-only': {enabled: false}, 'color-contrast': {enabled: %s}},
})"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(visitor: Visitor, *, contrast: bool = False, frame: bool = True) -> list[str]:
    """Return what axe-core finds wrong, by rule and place, and which texts are too faint.

    `contrast`: let axe-core too look at that, which is a third of all its work. `frame`: let it
    look at what surrounds the page too, two thirds of all there is.
    """
    visitor.page.wait_for_selector("[data-live-status=live]", state="attached")
    visitor.page.evaluate(AXE)
    left_out = [] if frame else FRAME
    run = RUN % (left_out, RULES, str(contrast).lower())
    found: dict[str, Any] = visitor.page.evaluate(run)
    broken = [
        f"{rule['id']}: {node['target']} {node['html'][:120]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
    return broken + visitor.faint_texts()
