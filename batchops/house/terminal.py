"""Write to the terminal of whoever started the house."""

import contextlib
import sys


def say(text: str) -> None:
    """Print one line at once; a terminal that has gone away stops nothing."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def printable(line: str) -> str:
    """Return `line` with every control character replaced, so that no log can drive a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in line.rstrip())
