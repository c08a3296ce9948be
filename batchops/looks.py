"""Describe how a state looks: its word, its tone and its icon, the same on every page."""

from dataclasses import dataclass
from typing import Literal

Tone = Literal["neutral", "info", "ok", "warn", "bad", "violet", "unknown"]


@dataclass(frozen=True, slots=True)
class Look:
    """Hold the word, tone (colour) and icon of one state; a badge always shows icon and word."""

    code: str
    label: str
    tone: Tone
    icon: str
