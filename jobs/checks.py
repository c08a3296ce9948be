"""Refuse to start with a question to CC&B that cannot be used."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from batchops.ccb.asking import questions
from batchops.ccb.selects import NotAQuestion


@register("batchops")
def check_questions(**kwargs: Any) -> list[CheckMessage]:
    """Check the files in ENRICH_QUERIES_DIR (E032)."""
    try:
        found = questions()
    except NotAQuestion as error:
        hint = "docs/job-types.md says what such a file may hold."
        return [Error(f"ENRICH_QUERIES_DIR, {error}", hint=hint, id="batchops.E032")]
    if found:
        return []
    hint = "Name a folder with .sql files, or leave the variable out."
    return [Error("ENRICH_QUERIES_DIR has no question in it.", hint=hint, id="batchops.E032")]
