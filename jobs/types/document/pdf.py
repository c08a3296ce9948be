"""Draw the document of one recipient as PDF, within bounds; the same values give the same bytes."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate
from reportlab.platypus.doctemplate import LayoutError

from jobs.types.document import fonts
from jobs.types.document.drawn import CannotDraw, Drawn
from jobs.types.document.fonts import Face, Run, Undrawable
from jobs.types.document.template import (
    BULLET,
    NUMBER,
    PAGE,
    SUBTITLE,
    TEXT,
    TITLE,
    Block,
    EmptyField,
    Template,
)

PAPERS = {"A4": A4, "Letter": LETTER}
MARGIN = 22 * mm
PAGES = 50
CHARACTERS = 100_000
# Of one paragraph: what a page has no room for is laid out anew on each of the next.
BLOCK_CHARACTERS = 10_000
BLOCK_LINES = 300
# A heading is held together with what follows, which is laid out over and over if it fits nowhere.
HEADING_CHARACTERS = 500
HEADING_LINES = 10
BASE = {"fontName": fonts.STANDARD, "fontSize": 11, "leading": 15.5, "spaceAfter": 8}
INDENTED = {"leftIndent": 16, "bulletIndent": 3, "bulletFontSize": 11, "spaceAfter": 3}
STYLES = {
    TITLE: {"fontSize": 18, "leading": 23, "spaceBefore": 6, "spaceAfter": 10, "keepWithNext": 1},
    SUBTITLE: {"fontSize": 13, "leading": 18, "spaceBefore": 5, "spaceAfter": 6, "keepWithNext": 1},
    TEXT: {"spaceBefore": 5},
    BULLET: INDENTED,
    NUMBER: INDENTED | {"leftIndent": 22},
}
HEADINGS = (TITLE, SUBTITLE)


class _TooManyPages(Exception):
    """Stop drawing; reportlab adds words of its own to what an exception says."""


def draw(template: Template, values: Mapping[str, str], *, paper: str, title: str) -> Drawn:
    """Draw the document of a recipient.

    :raises CannotDraw: for an empty field, a character without a glyph, or too much text.
    """
    try:
        story = list(_story(template.blocks, values))
        return _built(story, paper=paper, title=title)
    except EmptyField as error:
        raise CannotDraw(
            f"The field '{error}' is empty. Fill it in and start a job with this recipient, or "
            f"write {{{error}?}} where it may be empty."
        ) from None
    except Undrawable as error:
        raise CannotDraw(str(error)) from None
    except _TooManyPages:
        raise CannotDraw(f"It has more than {PAGES} pages, which is the limit.") from None
    except LayoutError:
        raise CannotDraw("Its text does not fit on pages. Shorten its words.") from None


def _built(story: list[Flowable], *, paper: str, title: str) -> Drawn:
    file, pages = BytesIO(), 0

    def count(*_: Any) -> None:
        nonlocal pages
        pages += 1
        if pages > PAGES:
            raise _TooManyPages

    SimpleDocTemplate(
        file,
        pagesize=PAPERS[paper],
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=title,
        author="BatchOps",
        # Without dates and chance: the same document again is the same file.
        invariant=1,
    ).build(story, onFirstPage=count, onLaterPages=count)
    return Drawn(file.getvalue(), pages)


def _story(blocks: Sequence[Block], values: Mapping[str, str]) -> Iterator[Flowable]:
    length = 0
    for block in blocks:
        if block.kind == PAGE:
            yield PageBreak()
            continue
        pieces = _filled(block, values)
        length += _checked_length(pieces, is_heading=block.kind in HEADINGS)
        if length > CHARACTERS:
            raise CannotDraw(f"It has more than {CHARACTERS:,} characters, which is the limit.")
        yield _paragraph(block, pieces)


def _filled(block: Block, values: Mapping[str, str]) -> list[Run]:
    """Return the text of a block; a line of nothing but an empty field is left out."""
    found: list[Run] = []
    for piece in block.pieces:
        text = _written(piece.filled(values))
        if text.startswith("\n") and found and not found[-1][0] and _begins_line(found[:-1]):
            text = text[1:]
        found.append((text, Face(piece.bold or block.kind in HEADINGS, piece.italic)))
    return found


def _checked_length(pieces: Sequence[Run], *, is_heading: bool) -> int:
    length = sum(len(text) for text, _ in pieces)
    lines = sum(text.count("\n") for text, _ in pieces) + 1
    what = "heading" if is_heading else "paragraph"
    for size, limit, word in (
        (length, HEADING_CHARACTERS if is_heading else BLOCK_CHARACTERS, "characters"),
        (lines, HEADING_LINES if is_heading else BLOCK_LINES, "lines"),
    ):
        if size > limit:
            raise CannotDraw(
                f"A {what} of it has {size:,} {word}; {limit:,} is the limit. Divide it by a "
                "blank line in the template, or shorten the value."
            )
    return length


def _begins_line(before: Sequence[Run]) -> bool:
    return not before or before[-1][0].endswith("\n")


def _written(text: str) -> str:
    """Return a text with its accents joined to their letters, and one kind of line end."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _paragraph(block: Block, pieces: Sequence[Run]) -> Flowable:
    runs = fonts.runs(pieces)
    has_own = any(face.font == fonts.OWN for _, face in runs)
    base = fonts.OWN if has_own else fonts.STANDARD
    text = "".join(_markup(text, face, base=base) for text, face in runs)
    bullet = {BULLET: "\u2022", NUMBER: block.number}.get(block.kind)
    made = Paragraph(text, _style(block.kind, has_own=has_own), bulletText=bullet)
    made.frags = _joined(made.frags)
    return made


def _joined(fragments: Sequence[Any]) -> list[Any]:
    """Return what reportlab made of a text without the cuts it has at each & and <.

    Every fragment costs it as much as a line does.
    """
    found: list[Any] = []
    for one in fragments:
        is_break = hasattr(one, "lineBreak")
        if found and not is_break and vars(found[-1]) | {"text": one.text} == vars(one):
            found[-1].text += one.text
        else:
            found.append(one)
    return found


def _style(kind: str, *, has_own: bool) -> ParagraphStyle:
    made = _styles.get((kind, has_own))
    if made is None:
        own = {"fontName": fonts.OWN, "shaping": 1} if has_own else {}
        given: dict[str, Any] = BASE | STYLES[kind] | own
        made = _styles[kind, has_own] = ParagraphStyle(f"{kind}-{has_own}", **given)
    return made


_styles: dict[tuple[str, bool], ParagraphStyle] = {}


def _markup(text: str, face: Face, *, base: str) -> str:
    """Return a run as reportlab reads it; what a person wrote is only ever text in it.

    `base` is the font that needs no saying.
    """
    marked = escape(text).replace("\n", "<br/>")
    if face.italic:
        marked = f"<i>{marked}</i>"
    if face.bold:
        marked = f"<b>{marked}</b>"
    return marked if face.font == base else f'<font name="{face.font}">{marked}</font>'
