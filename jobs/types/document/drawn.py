"""Say what drawing a document comes to."""

from dataclasses import dataclass


class CannotDraw(Exception):
    """Say why there can be no document for a recipient, and what to do."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A document that was drawn."""

    content: bytes
    pages: int
