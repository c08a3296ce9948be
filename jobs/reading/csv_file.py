"""Read CSV strictly: what other readers swallow in silence is refused, with the place."""

import codecs
import csv
from collections.abc import Iterator
from typing import IO

from jobs.reading.errors import UnreadableFile
from jobs.reading.kinds import DIVIDERS, WIDE_MARKS
from jobs.reading.tables import Row, Table, TableLimits, check_field, check_width

# A line may hold no more than the widest row of usual cells; its length is known before it is read.
LINE_BYTES = 4 * 1024 * 1024


def open_csv(file: IO[bytes], *, name: str, limits: TableLimits | None = None) -> Table:
    """Return the table in a CSV file: UTF-8, divided by what the header has most of , ; or TAB.

    Rows are read as they are asked for. No cell is taken for a number or a date.

    :raises UnreadableFile: now or while rows are read; it names row, byte, column or limit.
    """
    limits = limits or TableLimits()
    lines = _Lines(file, name, limits)
    return Table(name, _rows(lines, limits), limits)


class _Lines:
    """The lines of a file as text, counted; remembers where a quotation mark stands open."""

    def __init__(self, file: IO[bytes], name: str, limits: TableLimits) -> None:
        self._file = file
        self._longest = limits.field
        self.name = name
        self.line = 0
        self._bytes = 0
        self._open_length = 0
        self.record_line = 1
        self.opened_at = 0

    def begin_record(self) -> None:
        """Note that the next line begins a new row."""
        self.record_line = self.line + 1
        self.opened_at = 0

    def __iter__(self) -> Iterator[str]:
        while raw := self._file.readline(LINE_BYTES + 1):
            self.line += 1
            text = self._text_of(raw)
            self._watch_quotes(text)
            self._bytes += len(raw)
            yield text

    def _text_of(self, raw: bytes) -> str:
        if self.line == 1:
            raw = self._without_mark(raw)
        if len(raw) > LINE_BYTES:
            raise self.error(
                f"row {self.line} is longer than {LINE_BYTES // 1024**2} MB. Divide it by line "
                "ends (LF or CRLF).",
                limit=LINE_BYTES,
            )
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            raise self._not_utf8(error) from None
        if "\x00" in text:
            raise self.error(f"row {self.line} holds a NUL character. Remove it.")
        if "\r" in text.removesuffix("\r\n").removesuffix("\r") and '"' not in text:
            raise self.error(f"row {self.line} ends with CR alone. Save it with LF or CRLF ends.")
        return text

    def _without_mark(self, raw: bytes) -> bytes:
        if raw.startswith(WIDE_MARKS):
            raise self.error(
                "row 1, byte 1: it is in UTF-16. Save it as CSV in UTF-8.", encoding="utf-16"
            )
        return raw.removeprefix(codecs.BOM_UTF8)

    def _not_utf8(self, error: UnicodeDecodeError) -> UnreadableFile:
        byte = self._bytes + error.start + 1
        value = error.object[error.start]
        return self.error(
            f"row {self.line}, byte {byte:,} (0x{value:02X}) is no UTF-8; the file may be in "
            "Latin-1. Save it as CSV in UTF-8.",
            byte=byte,
            encoding="unknown",
        )

    def _watch_quotes(self, text: str) -> None:
        if text.count('"') % 2:
            self.opened_at = 0 if self.opened_at else self.line
            self._open_length = 0
        elif self.opened_at:
            self._open_length += len(text)
            if self._open_length > self._longest:
                raise self.unclosed()

    def unclosed(self) -> UnreadableFile:
        """Return the refusal of a quotation mark that nothing closes."""
        line = self.opened_at or self.record_line
        return UnreadableFile(
            self.name,
            f"the quotation mark that opened in row {line} is not closed. Close it, or write two "
            "of them where the text has one.",
            row=line,
        )

    def error(self, sentence: str, **where: object) -> UnreadableFile:
        """Return a refusal of the line that was read last."""
        return UnreadableFile(self.name, sentence, row=self.line, **where)


def _rows(lines: _Lines, limits: TableLimits) -> Iterator[Row]:
    source = iter(lines)
    first = next(source, "")
    # Only the field size is the module's own and global; the lines above are shorter.
    csv.field_size_limit(max(csv.field_size_limit(), LINE_BYTES + limits.field * 2))
    reader = csv.reader(_again(first, source), delimiter=_divider_of(first), strict=True)
    lines.record_line = 1
    while (cells := _next_row(reader, lines)) is not None:
        if cells:
            check_width(lines.name, lines.record_line, len(cells), limits)
            for column, cell in enumerate(cells, start=1):
                if len(cell) > limits.field:
                    check_field(
                        lines.name, lines.record_line, column, length=len(cell), limits=limits
                    )
            yield lines.record_line, cells
        lines.begin_record()


def _next_row(reader: Iterator[list[str]], lines: _Lines) -> list[str] | None:
    try:
        return next(reader, None)
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise lines.unclosed() from None
        raise lines.error(
            f"row {lines.line} cannot be read: {error}. Mend its quotation marks."
        ) from None


def _again(first: str, others: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
    yield from others


def _divider_of(header: str) -> str:
    outside = "".join(header.split('"')[::2])
    return max(DIVIDERS, key=outside.count)
