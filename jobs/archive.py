"""Write many files into one ZIP with a list of them, piece by piece."""

import csv
import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable
from io import TextIOWrapper
from tempfile import TemporaryFile
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from batchops.exports.cells import harmless

MANIFEST = "manifest.csv"
PART_LENGTH = 100
# What one of the usual systems gives a meaning, or cannot have in a file name.
FORBIDDEN = re.compile(r"[\x00-\x1f\x7f<>:\"|?*\\]+")
RESERVED = re.compile(r"(CON|PRN|AUX|NUL|COM\d|LPT\d)(\..*)?", re.IGNORECASE)
COPIED_BYTES = 1024 * 1024


def write_archive(
    file: IO[bytes],
    files: Iterable[tuple[str, Iterable[bytes]]],
    *,
    go_on: Callable[[], None],
) -> None:
    """Write the files and `manifest.csv`, which lists their names, sizes and SHA-256.

    `go_on` is called before each piece, and ends it all by raising.
    """
    names = Names()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive, TemporaryFile() as listed:
        text = TextIOWrapper(listed, "utf-8", newline="", write_through=True)
        manifest = csv.writer(text, lineterminator="\r\n")
        manifest.writerow(["name", "bytes", "sha256"])
        for wanted, pieces in files:
            name = names.take(wanted)
            size, digest = _add(archive, name, _watched(pieces, go_on))
            manifest.writerow([harmless(name), size, digest])
        text.detach().seek(0)
        _add(archive, MANIFEST, _watched(iter(lambda: listed.read(COPIED_BYTES), b""), go_on))


class Names:
    """The names in one archive, each of them safe to unpack and none of them twice."""

    def __init__(self) -> None:
        self._taken = {MANIFEST}
        # By the name that was wanted: how often it was given, so that none is tried twice.
        self._given: dict[str, int] = {}

    def take(self, wanted: str) -> str:
        """Return a name like the wanted one: inside the archive, and not taken before."""
        parts = [part for part in map(safe_part, re.split(r"[/\\]", wanted)) if part]
        name = "/".join(parts) or "file"
        stem, dot, ending = name.rpartition(".")
        asked = name.casefold()
        number = self._given.get(asked, 1)
        while name.casefold() in self._taken:
            number += 1
            name = f"{stem} ({number}).{ending}" if dot else f"{ending} ({number})"
        self._given[asked] = number
        self._taken.add(name.casefold())
        return name


def safe_part(part: str) -> str:
    """Return a name of a file or folder that every system takes as nothing else; maybe empty."""
    text = unicodedata.normalize("NFC", part).encode("utf-8", "replace").decode()
    text = FORBIDDEN.sub("_", text)
    if len(text) > PART_LENGTH:
        _, dot, ending = text.rpartition(".")
        ending = f".{ending}" if dot and len(ending) <= 10 else ""
        text = text[: PART_LENGTH - len(ending)] + ending
    text = text.strip(" .")
    return f"_{text}" if RESERVED.fullmatch(text) else text


def safe_file_name(name: str) -> str:
    """Return a name that can be shown and saved under anywhere; `file` when nothing is left."""
    return safe_part(name.replace("/", "_")) or "file"


def _add(archive: ZipFile, name: str, pieces: Iterable[bytes]) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    # Without a date, so that the same files make the same archive.
    entry = ZipInfo(name)
    entry.compress_type = ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    with archive.open(entry, "w", force_zip64=True) as out:
        for piece in pieces:
            out.write(piece)
            size += len(piece)
            digest.update(piece)
    return size, digest.hexdigest()


def _watched(pieces: Iterable[bytes], go_on: Callable[[], None]) -> Iterable[bytes]:
    for piece in pieces:
        go_on()
        yield piece
