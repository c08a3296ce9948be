"""Open the files of a job one by one, those in archives too."""

import io
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import IO, Any, cast

from jobs.errors import ItemFailed
from jobs.models import Job
from jobs.reading import (
    WORDS,
    Entry,
    GivenFile,
    Piece,
    UnreadableFile,
    ZipLimits,
    read_zip,
    recognise,
)
from jobs.reading.stored import HEAD_BYTES
from jobs.uploads import job_file, job_files

log = logging.getLogger("jobs.file_batch")

KINDS = ("csv", "xlsx", "json")
ZIP = "zip"
# Of one archive: how many files; of each of them: how large and how tightly packed.
LIMITS = ZipLimits(entries=1_000, bytes=256 * 1024**2, ratio=100)
# A workbook must lie in one piece to be read; in an archive it does not.
WORKBOOK_BYTES = 32 * 1024**2


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a job, opened: its name as people see it, its kind by content, its bytes."""

    name: str
    kind: str
    file: IO[bytes]


class StorageFails(ItemFailed):
    """Say that the storage does not give a file; the readers take other errors for the file's."""


class _Archive:
    """An archive that stays open, so that not each of its files has its list read anew."""

    def __init__(self, given: GivenFile) -> None:
        self._file = given.open()
        try:
            entries = read_zip(self._file, name=given.name, limits=LIMITS)
            self.entries = {entry.number: entry for entry in entries}
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._file.close()


# The archive that this worker read last: what comes next is most often its next file. It holds
# open one part of an upload at most.
_here = threading.local()


def list_files(job: Job) -> Iterator[dict[str, Any]]:
    """Yield the params of an item for each file of a job, by position and then in archives' order.

    :raises UnreadableFile: when an archive's list cannot be read.
    """
    for position, given in enumerate(job_files(job)):
        if given.kind != ZIP:
            yield {"file": position, "label": given.name[:100]}
            continue
        for number, name in list_archive(given):
            yield {"file": position, "entry": number, "label": name[:100]}


def list_archive(given: GivenFile) -> list[tuple[int, str]]:
    """Return the numbers and names of the files in an archive.

    :raises UnreadableFile: when its list cannot be read, or one of them is none to be read.
    """
    with given.open() as file:
        return [
            (entry.number, entry.name) for entry in read_zip(file, name=given.name, limits=LIMITS)
        ]


@contextmanager
def opened(job: Job, params: dict[str, Any]) -> Iterator[Source]:
    """Open the file of an item; the archive in which it lies stays open for the next one.

    :raises UnreadableFile: when it is of another kind than KINDS, or its archive is damaged.
    :raises UploadNotFound: when it is not kept any more.
    :raises StorageFails: when the storage does not give it.
    """
    if "entry" not in params:
        given = _given(job, params["file"])
        with given.open() as file:
            yield Source(given.name, given.kind, file)
        return
    try:
        yield _unpacked(_archive_of(job, params["file"]).entries[params["entry"]].alone())
    except StorageFails:
        forget_archive()
        raise


def _given(job: Job, position: int) -> GivenFile:
    """Return a file whose pieces, when the storage does not give them, fail in our words."""
    given = job_file(job, position)
    pieces = [Piece(piece.size_bytes, partial(_open, piece)) for piece in given.pieces]
    return replace(given, pieces=pieces)


def _open(piece: Piece) -> IO[bytes]:
    try:
        return piece.open()
    except OSError as error:
        log.exception("a part of a file cannot be read")
        raise StorageFails(
            "The storage does not give this file now. Retry it; if it stays so, send it anew."
        ) from error


def forget_archive() -> None:
    """Let go of the archive that this thread read last."""
    archive = getattr(_here, "archive", None)
    _here.key = _here.archive = None
    if archive is not None:
        archive.close()


def _archive_of(job: Job, position: int) -> _Archive:
    key = (job.pk, position)
    if getattr(_here, "key", None) != key:
        forget_archive()
        _here.archive = _Archive(_given(job, position))
        _here.key = key
    return cast(_Archive, _here.archive)


def _unpacked(entry: Entry) -> Source:
    file = io.BufferedReader(_Blocks(entry.blocks()), HEAD_BYTES)
    kind = recognise(file.peek(HEAD_BYTES), entry.name)
    if kind not in KINDS:
        taken = ", ".join(WORDS[one] for one in KINDS)
        raise UnreadableFile(entry.name, f"it is {WORDS[kind]}. Taken are: {taken}.")
    if kind == "xlsx":
        return Source(entry.name, kind, _whole(file, entry.name))
    return Source(entry.name, kind, file)


def _whole(file: IO[bytes], name: str) -> IO[bytes]:
    content = file.read(WORKBOOK_BYTES + 1)
    if len(content) > WORKBOOK_BYTES:
        raise UnreadableFile(
            name,
            f"a workbook in an archive may have {WORKBOOK_BYTES // 1024**2} MB. Send it by itself.",
            limit=WORKBOOK_BYTES,
        )
    return io.BytesIO(content)


class _Blocks(io.RawIOBase):
    """Blocks of bytes as a file to be read once, from its beginning to its end."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = memoryview(next(self._blocks, b""))
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)
