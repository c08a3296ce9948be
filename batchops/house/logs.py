"""Keep each service's output in a file of bounded size and repeat what matters on the terminal.

Services write to their files themselves, so neither a stopped terminal nor a killed `up` can
block them or lose a line.
"""

import re
import shutil
from pathlib import Path

from batchops.house.terminal import printable, say

LARGEST_LOG_BYTES = 5 * 1024**2
SHOWN_AT_ONCE = 20
MATTERS = re.compile(r"\b(WARNING|ERROR|CRITICAL)\b")
# A statement that breaks a constraint is an ERROR of PostgreSQL and nothing to worry about.
# So are connections that come while it starts or go while it stops.
MATTERS_IN_POSTGRES = re.compile(r"\b(FATAL|PANIC):(?!\s+(the database system|terminating))")


class Log:
    """One service's file: follows it for the terminal and starts it anew when it is too large."""

    def __init__(self, folder: Path, service: str) -> None:
        self.path = folder / f"{service}.log"
        self._service = service
        self._matters = MATTERS_IN_POSTGRES if service == "postgres" else MATTERS
        self._read_to = self.path.stat().st_size if self.path.exists() else 0

    def follow(self) -> None:
        """Show the warnings and errors that were written since the last call."""
        lines = [line for line in self._new_lines() if self._matters.search(line)]
        for line in lines[:SHOWN_AT_ONCE]:
            say(f"{self._service:<10}| {printable(line)}")
        if len(lines) > SHOWN_AT_ONCE:
            say(f"{self._service:<10}| and {len(lines) - SHOWN_AT_ONCE} more in {self.path}")
        self._rotate()

    def last_line(self) -> str:
        """Return the last line that says something, or nothing."""
        if not self.path.exists():
            return ""
        with self.path.open("rb") as file:
            file.seek(max(0, self.path.stat().st_size - 8192))
            lines = file.read().decode(errors="replace").split("\n")
        return next((printable(line) for line in reversed(lines) if line.strip()), "")

    def _new_lines(self) -> list[str]:
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            file.seek(self._read_to)
            whole, _, _ = file.read(LARGEST_LOG_BYTES).rpartition(b"\n")
        if not whole:
            return []
        self._read_to += len(whole) + 1
        return whole.decode(errors="replace").split("\n")

    def _rotate(self) -> None:
        if self._read_to < LARGEST_LOG_BYTES:
            return
        shutil.copyfile(self.path, self.path.with_suffix(".log.1"))
        # Emptied, not renamed: the service goes on appending to the file it has open.
        self.path.open("w").close()
        self._read_to = 0
