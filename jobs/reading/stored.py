"""Read a file that lies in several pieces as if it were one."""

import errno
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, BinaryIO, cast

BUFFER_BYTES = 256 * 1024
HEAD_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a file: how long it is, and how it is opened."""

    size_bytes: int
    open: Callable[[], IO[bytes]]


class JoinedFile(io.RawIOBase):
    """The pieces one after the other; at most one of them is open at a time.

    :raises FileNotFoundError: while reading, when a piece is not in the storage any more.
    """

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces
        self._size = sum(piece.size_bytes for piece in pieces)
        self._at = 0
        self._opened: tuple[int, IO[bytes]] | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError(errno.EINVAL, "Before the beginning of the file there is nothing.")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        number, inside = self._place()
        if number is None:
            return 0
        file = self._open(number)
        file.seek(inside)
        left = self._pieces[number].size_bytes - inside
        block = file.read(min(len(buffer), left))
        buffer[: len(block)] = block
        self._at += len(block)
        return len(block)

    def close(self) -> None:
        self._let_go()
        super().close()

    def _place(self) -> tuple[int | None, int]:
        inside = self._at
        for number, piece in enumerate(self._pieces):
            if inside < piece.size_bytes:
                return number, inside
            inside -= piece.size_bytes
        return None, 0

    def _open(self, number: int) -> IO[bytes]:
        if self._opened is None or self._opened[0] != number:
            self._let_go()
            self._opened = (number, self._pieces[number].open())
        return self._opened[1]

    def _let_go(self) -> None:
        if self._opened is not None:
            self._opened[1].close()
            self._opened = None


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file that somebody gave a job: its name as people see it, and what is known of it."""

    name: str
    kind: str
    size_bytes: int
    sha256: str
    pieces: Sequence[Piece]

    def open(self) -> BinaryIO:
        """Return the file opened for reading, from its beginning; close it afterwards."""
        return cast(BinaryIO, io.BufferedReader(JoinedFile(self.pieces), BUFFER_BYTES))
