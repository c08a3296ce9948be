r"""Read the text of a template into blocks of pieces; nothing in it is ever run.

A blank line ends a paragraph, a single one breaks the line. `# ` and `## ` begin headings, `- ` an
entry of a list, `1. ` one of a numbered list; `[page break]` alone in a line begins a page.
`**bold**` and `*italic*` stand inside a paragraph, `{name}` is a field and `{name?}` one that may
be empty; a backslash takes its meaning from the mark after it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

PAGE_BREAK = "[page break]"
TITLE, SUBTITLE, TEXT, BULLET, NUMBER, PAGE = (
    "title", "subtitle", "text", "bullet", "number", "page",
)  # fmt: skip
BEGINNINGS = ((SUBTITLE, "## "), (TITLE, "# "), (BULLET, "- "))
NUMBERED = re.compile(r"(\d{1,4})\. ")
# One of: a mark without its meaning, a field, a brace that belongs to none, stars.
MARKS = re.compile(r"\\([\\*{}#.\[\]-])|\{([^{}\n]*)\}|([{}])|(\*{1,3})")
FACES = {"*": ("italic",), "**": ("bold",), "***": ("bold", "italic")}
FIELDS = 200


class TemplateFault(Exception):
    """Say what cannot be understood in a template, where, and how to mend it."""


class EmptyField(Exception):
    """Say that a field that must be filled is empty; its argument is the field's name."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text, or the field whose value stands there, in one face."""

    text: str
    is_field: bool = False
    optional: bool = False
    bold: bool = False
    italic: bool = False

    def filled(self, values: Mapping[str, str]) -> str:
        """Return what stands here for somebody.

        :raises EmptyField: when the value is empty and must not be.
        """
        if not self.is_field:
            return self.text
        value = values.get(self.text, "").strip()
        if not value and not self.optional:
            raise EmptyField(self.text)
        return value


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, paragraph, entry of a list or page break; `number` only of a numbered entry."""

    kind: str
    pieces: Sequence[Piece] = ()
    number: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was read: its blocks in order, and the fields it names, each once."""

    blocks: Sequence[Block]
    fields: Sequence[str]


@lru_cache(maxsize=32)
def read_template(text: str) -> Template:
    """Return the template that a text is.

    :raises TemplateFault: it names the line.
    """
    blocks = [_block(kind, lines, first) for kind, lines, first in _grouped(text.splitlines())]
    if not any(block.pieces for block in blocks):
        raise TemplateFault("There is no text in it. Write the letter, such as: Dear {name}")
    fields = fields_of([piece for block in blocks for piece in block.pieces])
    if len(fields) > FIELDS:
        raise TemplateFault(f"It names {len(fields)} fields; {FIELDS} is the limit.")
    return Template(blocks, fields)


@lru_cache(maxsize=32)
def read_line(text: str) -> Sequence[Piece]:
    """Return the pieces of a line in which only fields mean something, such as a file's name.

    :raises TemplateFault: when a brace does not belong to a field.
    """
    return list(_Inline(text, 1, faces=False).pieces())


def fields_of(pieces: Sequence[Piece]) -> Sequence[str]:
    """Return the names of the fields among pieces, each once."""
    return list(dict.fromkeys(piece.text for piece in pieces if piece.is_field))


def _grouped(lines: Sequence[str]) -> Iterator[tuple[str, list[str], int]]:
    """Yield the kind of each block, its lines, and the number of the first of them."""
    paragraph: list[str] = []
    for number, line in enumerate([*map(str.strip, lines), ""], start=1):
        kind = _kind(line)
        if kind == TEXT:
            paragraph.append(line)
            continue
        if paragraph:
            yield TEXT, paragraph, number - len(paragraph)
            paragraph = []
        if line:
            yield kind, [line], number


def _kind(line: str) -> str:
    if not line or line.casefold() == PAGE_BREAK:
        return PAGE
    kinds = (kind for kind, beginning in BEGINNINGS if line.startswith(beginning))
    return next(kinds, NUMBER if NUMBERED.match(line) else TEXT)


def _block(kind: str, lines: Sequence[str], first: int) -> Block:
    if kind == PAGE:
        return Block(PAGE)
    beginning, text = ("", "\n".join(lines)) if kind == TEXT else lines[0].split(" ", 1)
    pieces = list(_Inline(text.lstrip(), first, faces=True).pieces())
    return Block(kind, pieces, beginning if kind == NUMBER else "")


class _Inline:
    """The text of one block, whose first line has a number, as it is read from left to right."""

    def __init__(self, text: str, first: int, *, faces: bool) -> None:
        self._text = text
        self._first = first
        self._has_faces = faces
        # Of each face that is on: the stars that began it, and their line.
        self._on: dict[str, tuple[str, int]] = {}

    def pieces(self) -> Iterator[Piece]:
        """Yield the pieces.

        :raises TemplateFault: it names the line.
        """
        at = 0
        for mark in MARKS.finditer(self._text):
            yield from self._plain(self._text[at : mark.start()])
            yield from self._marked(mark)
            at = mark.end()
        yield from self._plain(self._text[at:])
        for stars, line in self._on.values():
            raise TemplateFault(
                f"Line {line}: the {stars} there is closed nowhere in its paragraph. Close it, or "
                "write \\* for a star."
            )

    def _marked(self, mark: re.Match[str]) -> Iterator[Piece]:
        bare, field, brace, stars = mark.groups()
        if brace:
            raise TemplateFault(
                f"Line {self._line(mark)}: the {brace} there belongs to no field. Write a field "
                f"as {{name}}, or \\{brace} for the character."
            )
        if field is not None:
            yield self._field(field.strip(), mark)
        elif bare or not self._turn(stars, mark):
            yield from self._plain(bare or stars)

    def _field(self, name: str, mark: re.Match[str]) -> Piece:
        optional = name.endswith("?")
        name = name.removesuffix("?").rstrip()
        if not name:
            raise TemplateFault(
                f"Line {self._line(mark)}: a field there has no name. Write it as {{name}}."
            )
        return Piece(name, is_field=True, optional=optional, **self._face())

    def _plain(self, text: str) -> Iterator[Piece]:
        if text:
            yield Piece(text, **self._face())

    def _face(self) -> dict[str, bool]:
        return {face: face in self._on for face in ("bold", "italic")}

    def _turn(self, stars: str, mark: re.Match[str]) -> bool:
        """Begin or end faces, if the stars touch what they mark; say whether they do."""
        faces = FACES[stars]
        ends = any(face in self._on for face in faces)
        beside = self._text[: mark.start()][-1:] if ends else self._text[mark.end() :][:1]
        if not self._has_faces or not beside.strip():
            return False
        for face in faces:
            if self._on.pop(face, None) is None:
                self._on[face] = (stars, self._line(mark))
        return True

    def _line(self, mark: re.Match[str]) -> int:
        return self._first + self._text.count("\n", 0, mark.start())
