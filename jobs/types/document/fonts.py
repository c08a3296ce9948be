"""Know which characters can be drawn, and with which font: none ever becomes an empty box.

Without a setting it is Helvetica, which every reader of PDF has, for what Windows calls Western
(cp1252). DOCUMENT_FONT names a TrueType font for everything else; its glyphs are embedded.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from operator import itemgetter

from django.conf import settings

STANDARD = "Helvetica"
OWN = "document-font"
RIGHT_TO_LEFT = ("R", "AL")
JOINERS = "\u200c\u200d"
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


class Undrawable(Exception):
    """Say which character cannot be drawn and what to do."""


@dataclass(frozen=True, slots=True)
class Face:
    """How a stretch of text is drawn."""

    bold: bool = False
    italic: bool = False
    font: str = STANDARD


Run = tuple[str, Face]


def is_standard(text: str) -> bool:
    """Say whether Helvetica has every character of a text."""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return not CONTROLS.search(text)


def check_drawable(text: str) -> None:
    """Pass when every character of a text can be drawn.

    :raises Undrawable: it names the character.
    """
    if not is_standard(text):
        for word in text.split():
            font_of(word)


def font_of(word: str) -> str:
    """Return the font that has every character of a word; words are shaped as a whole.

    :raises Undrawable: when none has; it names the character.
    """
    if is_standard(word):
        return STANDARD
    glyphs = own_glyphs()
    # What the standard font has is the trouble only if nothing else in the word is.
    for character in sorted(word, key=is_standard):
        if _is_control(character) or ord(character) not in glyphs:
            raise Undrawable(_lacking(character, has_own=bool(glyphs)))
        if unicodedata.bidirectional(character) in RIGHT_TO_LEFT:
            raise Undrawable(
                f"The character {named(character)} belongs to a script that is written from "
                "right to left, which documents cannot. Write it in Latin letters."
            )
    return OWN


def runs(pieces: Sequence[Run]) -> list[Run]:
    """Return the same text in as few runs as can be; each word has one font.

    :raises Undrawable: when a character cannot be drawn.
    """
    if all(is_standard(text) for text, _ in pieces):
        return list(pieces)
    found: list[Run] = []
    for word in _words(pieces):
        text = "".join(part for part, _ in word)
        if is_standard(text):
            found += word
        else:
            first = word[0][1]
            found.append((text, Face(first.bold, first.italic, font_of(text))))
    same = groupby(found, key=itemgetter(1))
    return [("".join(text for text, _ in some), face) for face, some in same]


def named(character: str) -> str:
    """Return how a character is named to people: itself, if it shows, and its code point."""
    shown = f"'{character}' " if character.isprintable() and not character.isspace() else ""
    name = unicodedata.name(character, "")
    return f"{shown}U+{ord(character):04X}{f' ({name.lower()})' if name else ''}"


@cache
def own_glyphs() -> frozenset[int]:
    """Return the code points that DOCUMENT_FONT has, after making it known; none without it."""
    if not settings.DOCUMENT_FONT:
        return frozenset()
    from reportlab.lib.fonts import addMapping
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    files = list(settings.DOCUMENT_FONT)
    # The regular, bold, italic and bold italic face; a missing one is drawn like the regular.
    files += [files[0]] * (4 - len(files))
    covered: list[set[int]] = []
    for number, file in enumerate(files[:4]):
        name = OWN if number == 0 else f"{OWN}-{number}"
        font = TTFont(name, file)
        pdfmetrics.registerFont(font)
        addMapping(OWN, number & 1, number >> 1, name)
        covered.append(set(font.face.charToGlyph))
    return frozenset(set.intersection(*covered))


def _words(pieces: Sequence[Run]) -> list[list[Run]]:
    """Return the text in words, each with the space before or after it, in their faces."""
    words: list[list[Run]] = [[]]
    for text, face in pieces:
        for part in re.findall(r"\s+|\S+", text):
            if part.isspace() or (words[-1] and words[-1][-1][0].isspace()):
                words.append([])
            words[-1].append((part, face))
    return [word for word in words if word]


def _is_control(character: str) -> bool:
    return unicodedata.category(character).startswith("C") and character not in JOINERS


def _lacking(character: str, *, has_own: bool) -> str:
    if _is_control(character):
        return f"The character {named(character)} shows nothing on paper. Take it out."
    if has_own:
        return (
            f"The font of the setting DOCUMENT_FONT lacks the character {named(character)}. Set "
            "one that has it, then retry; or take the character out."
        )
    return (
        f"The standard font lacks the character {named(character)}. Let the setting DOCUMENT_FONT "
        "name a TrueType font that has it, then retry; or take the character out."
    )
