"""Keep each service's output in a file of bounded size and repeat what matters on the terminal.

Services write to their files themselves, so neither a stopped terminal nor a killed `up` can
block them or lose a line.
"""

import re
import shutil
import time
from pathlib import Path

from batchops.house.terminal import printable, say

LARGEST_LOG_BYTES = 5 * 1024**2
SHOWN_AT_ONCE = 20
LONGEST_SHOWN = 2000
REST_S = 60.0
MATTERS = re.compile(r"\b(WARNING|ERROR|CRITICAL)\b")
# A statement that breaks a constraint is an ERROR of PostgreSQL and nothing to worry about.
# So are connections that come while it starts or go while it stops.
MATTERS_IN_POSTGRES = re.compile(
    r"\b(FATAL|PANIC):(?!\s+(the database system|terminating))|No space left on device"
)


class Log:
    """One service's file: follows it for the terminal and starts it anew when it is too large."""

    def __init__(self, folder: Path, service: str) -> None:
        self.path = folder / f"{service}.log"
        self._service = service
        self._matters = MATTERS_IN_POSTGRES if service == "postgres" else MATTERS
        self._read_to = self.path.stat().st_size if self.path.exists() else 0
        self._rest_until = 0.0

    def follow(self) -> None:
        """Show the warnings and errors that were written since the last call.

        A file that cannot be read or started anew is left alone for a minute: a full disk must
        not stop what runs.
        """
        if time.monotonic() < self._rest_until:
            return
        try:
            self._show(self._new_lines())
            self._rotate()
        except OSError as error:
            self._rest_until = time.monotonic() + REST_S
            say(f"{self._service:<10}| {self.path} cannot be followed just now: {error.strerror}")

    def last_line(self) -> str:
        """Return the last line that says something, or nothing."""
        try:
            with self.path.open("rb") as file:
                file.seek(max(0, self.path.stat().st_size - 8192))
                lines = file.read().decode(errors="replace").split("\n")
        except OSError:
            return ""
        return next((printable(line) for line in reversed(lines) if line.strip()), "")

    def _show(self, new: list[str]) -> None:
        lines = [line for line in new if self._matters.search(line)]
        for line in lines[:SHOWN_AT_ONCE]:
            say(f"{self._service:<10}| {printable(line[:LONGEST_SHOWN])}")
        if len(lines) > SHOWN_AT_ONCE:
            say(f"{self._service:<10}| and {len(lines) - SHOWN_AT_ONCE} more in {self.path}")

    def _new_lines(self) -> list[str]:
        if not self.path.exists():
            return []
        if self.path.stat().st_size < self._read_to:
            self._read_to = 0  # somebody else emptied it
        with self.path.open("rb") as file:
            file.seek(self._read_to)
            piece = file.read(LARGEST_LOG_BYTES)
        # The end of the last line is still to come, unless the line fills the piece alone.
        read = piece.rfind(b"\n") + 1 or (len(piece) if len(piece) == LARGEST_LOG_BYTES else 0)
        self._read_to += read
        return piece[:read].decode(errors="replace").split("\n")

    def _rotate(self) -> None:
        if self._read_to < LARGEST_LOG_BYTES:
            return
        shutil.copyfile(self.path, self.path.with_suffix(".log.1"))
        # Emptied, not renamed: the service goes on appending to the file it has open.
        self.path.open("w").close()
        self._read_to = 0
