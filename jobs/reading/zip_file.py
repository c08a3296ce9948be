"""Read a ZIP without trusting it: no name is a path, no length is believed."""

import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

from jobs.archive import safe_file_name
from jobs.reading.errors import UnreadableFile
from jobs.reading.kinds import ZIP, recognise

BLOCK_BYTES = 64 * 1024
# Below this nothing is a bomb, however well it packs.
HARMLESS_BYTES = 1024 * 1024
LIST_END = b"PK\x05\x06"
LIST_END_BYTES = 22
# Of archives that are larger than the fields of the usual end: right before it.
LARGE_LOCATOR = b"PK\x06\x07"
LARGE_LOCATOR_BYTES = 20
LARGE_END_BYTES = 56
COMMENT_BYTES = 65_535
# What the list of an archive needs for one entry, with a name and extras of decent length.
LISTED_BYTES = 1_024
ENCRYPTED = 0x1


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipLimits:
    """How large an archive may be when it is unpacked, and how tightly packed."""

    entries: int = 100
    bytes: int = 1024**3
    ratio: int = 100


class _Budget:
    """How many bytes may still come out of an archive."""

    def __init__(self, name: str, packed_bytes: int, limits: ZipLimits) -> None:
        self._name = name
        self._limits = limits
        self._packed = packed_bytes
        self._used = 0

    def anew(self, name: str) -> "_Budget":
        """Return the same budget, nothing of it used."""
        return _Budget(name, self._packed, self._limits)

    def take(self, size_bytes: int) -> None:
        """Count bytes that came out.

        :raises UnreadableFile: when it is more than the limits allow.
        """
        self._used += size_bytes
        limits = self._limits
        if self._used > limits.bytes:
            raise UnreadableFile(
                self._name,
                f"unpacked it is larger than {limits.bytes:,} bytes, which is the limit. Send its "
                "files in several archives.",
                limit=limits.bytes,
            )
        if self._used > max(HARMLESS_BYTES, limits.ratio * self._packed):
            raise UnreadableFile(
                self._name,
                f"unpacked it is more than {limits.ratio} times as large as packed, as archives "
                "are that shall fill disks. Send the files unpacked.",
                limit=limits.ratio,
            )


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in an archive; `name` is fit to be shown, and is no path."""

    number: int
    name: str
    _archive: ZipFile
    _info: ZipInfo
    _budget: _Budget

    def alone(self) -> "Entry":
        """Return the same file with the limits for itself, to be read without the others."""
        where = f"{self._archive.filename or 'archive'}, file {self.number} ({self.name}) in it"
        return replace(self, _budget=self._budget.anew(where))

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes of the file, counting what really comes.

        :raises UnreadableFile: when it is damaged, an archive itself, or more than the limits.
        """
        said = f"file {self.number} ({self.name}) in it"
        archive = self._archive.filename or "archive"
        try:
            with self._archive.open(self._info) as file:
                head = True
                while block := file.read(BLOCK_BYTES):
                    self._budget.take(len(block))
                    if head and recognise(block, "") in (ZIP, "gzip", "archive"):
                        raise UnreadableFile(
                            archive,
                            f"{said} is an archive itself. Unpack it first.",
                            row=self.number,
                        )
                    head = False
                    yield block
        except (BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
            raise UnreadableFile(
                archive, f"{said} is damaged: {error}. Pack it anew.", row=self.number
            ) from None


def read_zip(file: IO[bytes], *, name: str, limits: ZipLimits | None = None) -> Iterator[Entry]:
    """Yield the files in an archive; `file` must stay open while they are read.

    :raises UnreadableFile: when it is damaged, holds too many files, or one that is encrypted, a
        link, an archive, named like another, or named to land elsewhere.
    """
    limits = limits or ZipLimits()
    size = _check_list(file, name, limits)
    try:
        archive = ZipFile(file)
    except (BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnreadableFile(
            name, f"it is no ZIP that can be read: {error}. Pack it anew."
        ) from None
    archive.filename = name
    infos = [info for info in archive.infolist() if not info.is_dir()]
    _check_count(name, len(archive.infolist()), limits)
    if not infos:
        raise UnreadableFile(name, "there is no file in it. Pack some.")
    _check_entries(infos, name)
    budget = _Budget(name, size, limits)
    for number, info in enumerate(infos, start=1):
        yield Entry(number, shown_name(info), archive, info, budget)


def shown_name(info: ZipInfo) -> str:
    """Return the last part of an entry's name, as it can be shown."""
    return safe_file_name(info.filename.replace("\\", "/").rsplit("/", 1)[-1])


def _check_list(file: IO[bytes], name: str, limits: ZipLimits) -> int:
    """Look at the end of an archive, before all of its list is read; return its size in bytes."""
    size = file.seek(0, 2)
    file.seek(max(0, size - LARGE_END_BYTES - LARGE_LOCATOR_BYTES - LIST_END_BYTES - COMMENT_BYTES))
    tail = file.read()
    at = tail.rfind(LIST_END)
    if at < 0 or len(tail) < at + LIST_END_BYTES:
        raise UnreadableFile(name, "its end is missing, so it was cut off. Send it anew.")
    count, list_bytes = _list_told(tail, at)
    _check_count(name, max(count, list_bytes // LISTED_BYTES), limits)
    file.seek(0)
    return size


def _list_told(tail: bytes, at: int) -> tuple[int, int]:
    """Return how many entries the list has, and its bytes, as the end at a place tells.

    The end of a large archive counts wherever there is one, as it does for who reads the list.
    """
    locator = at - LARGE_LOCATOR_BYTES
    if tail[max(0, locator) : at].startswith(LARGE_LOCATOR):
        end = tail[max(0, locator - LARGE_END_BYTES) : locator]
        return int.from_bytes(end[32:40], "little"), int.from_bytes(end[40:48], "little")
    count = int.from_bytes(tail[at + 10 : at + 12], "little")
    return count, int.from_bytes(tail[at + 12 : at + 16], "little")


def _check_count(name: str, count: int, limits: ZipLimits) -> None:
    if count > limits.entries:
        raise UnreadableFile(
            name,
            f"it holds {count:,} files or more; {limits.entries:,} is the limit. Send them in "
            "several archives.",
            limit=limits.entries,
        )


def _check_entries(infos: list[ZipInfo], name: str) -> None:
    seen: set[str] = set()
    for number, info in enumerate(infos, start=1):
        problem = _problem_of(info)
        if not problem and info.filename.casefold() in seen:
            problem = "has the name of another. Give each a name of its own"
        if problem:
            where = f"file {number} ({shown_name(info)}) in it"
            raise UnreadableFile(name, f"{where} {problem}.", row=number)
        seen.add(info.filename.casefold())


def _problem_of(info: ZipInfo) -> str:
    path = info.filename.replace("\\", "/")
    if info.flag_bits & ENCRYPTED:
        return "is encrypted. Pack it without a password"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a link. Pack the file that it leads to"
    if path.startswith("/") or ".." in path.split("/") or path[1:2] == ":":
        return "is named to land in another folder. Pack it under a plain name"
    if path.casefold().endswith((".zip", ".gz", ".7z", ".rar")):
        return "is an archive itself. Unpack it first"
    return ""
