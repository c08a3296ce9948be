"""Judge a page by axe-core: names, roles, contrast, sizes, landmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.browser.visitor import Visitor

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
# The label of the lists' search is an icon with a text of its own, which that rule does not see.
RUN = """axe.run(document, {
  resultTypes: ['violations'], preload: false, runOnly: %s,
  rules: {'label-title-only': {enabled: false}, 'color-contrast': {enabled: %s}},
})"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(visitor: Visitor, *, contrast: bool = False) -> list[str]:
    """Return what axe-core finds wrong, by rule and place, and which texts are too faint.

    `contrast`: let axe-core too look at that, which is a third of all its work.
    """
    visitor.page.wait_for_selector("[data-live-status=live]", state="attached")
    visitor.page.evaluate(AXE)
    found: dict[str, Any] = visitor.page.evaluate(RUN % (RULES, str(contrast).lower()))
    broken = [
        f"{rule['id']}: {node['target']} {node['html'][:120]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
    return broken + visitor.faint_texts()
