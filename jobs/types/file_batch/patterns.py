r"""Take patterns that no cell can make slow.

A pattern is a row of parts, each one character, `.`, an escape (`\d \w \s` and their opposites, or
a sign such as `\.`) or a class (`[A-Z0-9]`), maybe repeated (`?`, `*`, `+`, `{2}`, `{2,5}`); `|`
divides patterns of which one must fit the whole cell. There are no groups, and a part gives
nothing back of what it took, so a cell is read once for each alternative, whatever stands in it.
"""

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

LENGTH = 200
PART = re.compile(
    r"(?P<one>\[\^?(?:\\.|[^\\\[\]])+\]|\\[dDwWsS]|\\[^A-Za-z0-9]|[^\\\[\](){}|^$*+?])"
    r"(?P<times>[?*+]|\{(?P<least>\d{1,3})(?:(?P<to>,)(?P<most>\d{1,3})?)?\})?"
)
# Against these it is seen whether two parts want the same characters.
USUAL = frozenset(map(chr, range(256)))


class UnsafePattern(ValueError):
    """Say where a pattern is none that is taken here."""


@dataclass(frozen=True, slots=True)
class _Part:
    text: str
    takes: frozenset[str]
    least: int
    varies: bool

    @property
    def possessive(self) -> str:
        return f"{self.text}+" if self.varies else self.text


@lru_cache(maxsize=1_000)
def compiled(pattern: str) -> Callable[[str], object]:
    """Return what says of a cell whether the pattern fits all of it.

    :raises UnsafePattern: when it is no pattern as this module takes them; it says where.
    """
    alternatives = [_checked(parts) for parts in _alternatives(pattern)]
    written = "|".join("".join(part.possessive for part in parts) for parts in alternatives)
    return re.compile(f"(?:{written})", re.ASCII | re.DOTALL).fullmatch


def _alternatives(pattern: str) -> list[list[_Part]]:
    if not 0 < len(pattern) <= LENGTH:
        raise UnsafePattern(f"Must have 1 to {LENGTH} characters.")
    found: list[list[_Part]] = [[]]
    at = 0
    while at < len(pattern):
        if pattern[at] == "|":
            found.append([])
            at += 1
            continue
        match = PART.match(pattern, at)
        if match is None:
            raise UnsafePattern(
                f"Character {at + 1} ('{pattern[at]}') is not taken here. Write characters, "
                "classes such as [A-Z] and repeats such as {2,5}, without groups and anchors: the "
                "whole cell must fit anyhow."
            )
        found[-1].append(_part(match, pattern))
        at = match.end()
    return found


def _part(match: re.Match[str], pattern: str) -> _Part:
    times, least, most = match["times"] or "", match["least"], match["most"]
    if least and most and int(most) < int(least):
        raise UnsafePattern(f"In {times} the greater number comes first. Turn them round.")
    return _Part(
        text=match[0],
        takes=_taken(match["one"], USUAL | set(pattern)),
        least=int(least) if least else int(times in ("", "+")),
        varies=times in ("?", "*", "+") or bool(match["to"]),
    )


def _taken(one: str, characters: frozenset[str]) -> frozenset[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            fits = re.compile(one, re.ASCII | re.DOTALL).match
    except (re.error, Warning):
        raise UnsafePattern(f"{one} is no class of characters. Write one as [A-Z0-9].") from None
    return frozenset(filter(fits, characters))


def _checked(parts: list[_Part]) -> list[_Part]:
    """Refuse parts that would have to give back what the next one needs."""
    for at, part in enumerate(parts):
        for other in parts[at + 1 :] if part.varies else ():
            if other.least and part.takes & other.takes:
                raise UnsafePattern(
                    f"{part.text} may take what {other.text} after it needs. Write them as one "
                    "part, or with a fixed number of characters."
                )
            if other.least:
                break
    return parts
