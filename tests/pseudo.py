"""A language made for tests: what is translated stands in brackets, 1.4 times as long."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any
from unittest import mock

from django.utils import translation

OPEN, CLOSE = "\u27e6", "\u27e7"  # white square brackets
ACCENTED = str.maketrans("aeioucnyAEIOUCNY", "áéíóúçñýÁÉÍÓÚÇÑÝ")
# What is filled in, and markup.
KEPT = re.compile(r"(%\(\w+\)\.?\d*[a-z]|%[sdr%]|\{\w*\}|<[^>]*>|&\w+;)")
SHOWN = ("title", "aria-label", "placeholder", "alt", "data-label", "aria-description")
SILENT = ("script", "style", "template", "code", "pre", "textarea", "kbd", "svg")
VOID = (
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr", "use",
)  # fmt: skip


def pseudo(message: str) -> str:
    """Return a text as this language has it; what is empty stays so."""
    if not message.strip():
        return message
    parts = KEPT.split(str(message))
    said = "".join(p if n % 2 else p.translate(ACCENTED) for n, p in enumerate(parts))
    return f"{OPEN}{said}{'~' * (len(message) * 2 // 5)}{CLOSE}"


@contextmanager
def pseudo_language() -> Iterator[None]:
    """Have everything translated into it, as long as this lasts."""
    spoken: dict[str, Any] = {
        "gettext": pseudo,
        "pgettext": lambda _context, message: pseudo(message),
        "ngettext": lambda one, many, n: pseudo(one if n == 1 else many),
        "npgettext": lambda _context, one, many, n: pseudo(one if n == 1 else many),
        # What is kept for a language in memory is not kept for another.
        "get_language": lambda: "pseudo",
    }
    translation.get_language()  # the functions are put in place at the first use
    with mock.patch.multiple(translation._trans, create=True, **spoken):  # type: ignore[attr-defined]
        yield


class _Texts(HTMLParser):
    """Gather what a page shows or says, but for what is code."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        is_button = tag == "input" and named.get("type") in ("submit", "button", "reset")
        self.texts += [named[name] or "" for name in SHOWN if name in named]
        if is_button:
            self.texts.append(named.get("value") or "")
        if tag not in VOID:
            silent = tag in SILENT or named.get("translate") == "no"
            self.open.append(f"{tag}!" if silent else tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop().rstrip("!") != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not any(tag.endswith("!") for tag in self.open):
            self.texts.append(data)


def untranslated(page: str) -> set[str]:
    """Return the words of a page outside the brackets: those of three letters and more."""
    parser = _Texts()
    parser.feed(page)
    found, depth = set(), 0
    for text in parser.texts:
        bare = []
        for sign in text:
            depth += (sign == OPEN) - (sign == CLOSE)
            bare.append(sign if not depth and sign != CLOSE else " ")
        found |= set(re.findall(r"[^\W\d_][^\W\d_'-]*[a-z][^\W\d_'-]*", "".join(bare)))
    return {word for word in found if len(word) > 2}
