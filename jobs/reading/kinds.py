"""Recognise what a file is by how it begins, whatever its name pretends."""

import codecs
from collections.abc import Iterator

CSV, XLSX, JSON, ZIP, PDF, TEXT = "csv", "xlsx", "json", "zip", "pdf", "text"
# Those that something here reads; all others are only named, to say what was sent.
KINDS = (CSV, XLSX, JSON, ZIP, PDF, TEXT)
WORDS = {
    CSV: "a CSV table",
    XLSX: "an Excel workbook (.xlsx)",
    JSON: "JSON",
    ZIP: "a ZIP archive",
    PDF: "a PDF document",
    TEXT: "plain text",
    "empty": "an empty file",
    "exe": "a Windows program",
    "elf": "a Linux program",
    "script": "a script",
    "gzip": "a gzip archive",
    "archive": "an archive that is no ZIP",
    "ole": "an old Office document (.xls, .doc)",
    "office": "an Office document that is no workbook",
    "image": "an image",
    "html": "an HTML page",
    "xml": "XML",
    "binary": "binary data of an unknown kind",
}
MAGIC = (
    (b"MZ", "exe"),
    (b"\x7fELF", "elf"),
    (b"\xcf\xfa\xed\xfe", "elf"),
    (b"#!", "script"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"Rar!", "archive"),
    (b"\xfd7zXZ", "archive"),
    (b"\xd0\xcf\x11\xe0", "ole"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"%PDF-", PDF),
    (b"PK\x05\x06", ZIP),
)
LOCAL_HEADER = b"PK\x03\x04"
WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
DIVIDERS = (",", ";", "\t")


def recognise(head: bytes, name: str) -> str:
    """Return the kind of a file from its first bytes (64 KB do): one of WORDS.

    The name decides only between a table and other text, which look alike.
    """
    if not head:
        return "empty"
    for magic, kind in MAGIC:
        if head.startswith(magic):
            return kind
    if head.startswith(LOCAL_HEADER):
        return _packed_kind(head)
    return _text_kind(head, name)


def _packed_kind(head: bytes) -> str:
    names = list(_packed_names(head))
    if any(name.startswith(b"xl/") for name in names):
        return XLSX
    if b"[Content_Types].xml" in names:
        return "office"
    return ZIP


def _packed_names(head: bytes) -> Iterator[bytes]:
    """Yield the names of the entries whose headers lie in the head of an archive."""
    at = 0
    while head[at : at + 4] == LOCAL_HEADER and len(head) >= at + 30:
        flags = int.from_bytes(head[at + 6 : at + 8], "little")
        packed = int.from_bytes(head[at + 18 : at + 22], "little")
        name_length = int.from_bytes(head[at + 26 : at + 28], "little")
        extra_length = int.from_bytes(head[at + 28 : at + 30], "little")
        yield head[at + 30 : at + 30 + name_length]
        after = at + 30 + name_length + extra_length
        # Without its length in the header, an entry ends somewhere before the next header.
        at = head.find(LOCAL_HEADER, after) if flags & 8 else after + packed
        if at < 0:
            return


def _text_kind(head: bytes, name: str) -> str:
    table = name.casefold().endswith((".csv", ".tsv"))
    if head.startswith(WIDE_MARKS):
        return CSV if table else TEXT
    if b"\x00" in head:
        return "binary"
    text = head.decode("utf-8-sig", "replace").lstrip()
    if text[:1] in ("[", "{") and not table:
        return JSON
    if text[:1] == "<":
        return _markup_kind(text)
    first_line = text.split("\n", 1)[0]
    return CSV if table or any(mark in first_line for mark in DIVIDERS) else TEXT


def _markup_kind(text: str) -> str:
    beginning = text[:1000].casefold()
    if any(mark in beginning for mark in ("<!doctype html", "<html", "<script", "<body")):
        return "html"
    return "xml" if beginning.startswith("<?xml") else TEXT
