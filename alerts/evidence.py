"""Put an alert's evidence into words: what was expected, what was seen, from which history."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext, gettext_noop

from batchops.templatetags.batchops import duration, grouped, rate

# By the end of a fact's name; of two ends that fit the longer one.
KINDS = {"_per_s": "rate", "_pct": "percent", "_at": "moment", "_s": "duration"}
HEADINGS = {
    "expected": gettext_noop("Expected"),
    "seen": gettext_noop("Seen"),
    "history": gettext_noop("From which history"),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of evidence: its name in words, its value, and how the page writes the value."""

    name: str
    value: Any
    kind: str

    @property
    def words(self) -> str:
        """The value in plain words, for mails."""
        if self.value is None:
            return "-"
        return WRITERS.get(self.kind, str)(self.value)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the evidence with its heading."""

    heading: str
    facts: list[Fact]


def parts(evidence: Mapping[str, Mapping[str, Any]]) -> list[Part]:
    """Return the parts of an alert's evidence that say something, in reading order.

    The end of a fact's name says what it is (_at, _s, _pct, _per_s); any other stays text.
    """
    return [
        Part(gettext(heading), _facts(evidence[part]))
        for part, heading in HEADINGS.items()
        if evidence.get(part)
    ]


def _facts(given: Mapping[str, Any]) -> list[Fact]:
    """Return the facts, moments first as they followed each other: JSON keeps no order."""
    facts = [_fact(name, value) for name, value in given.items()]
    moments = [fact for fact in facts if fact.kind == "moment"]
    rest = [fact for fact in facts if fact.kind != "moment"]
    return sorted(moments, key=lambda fact: fact.value) + rest


def moment(at: datetime) -> str:
    """Write a moment on the clock that is shown by now, with its zone."""
    return _moment(at, timezone.get_current_timezone(), get_language())


@lru_cache(maxsize=2_000)
def _moment(at: datetime, *_shown_in: object) -> str:
    local = timezone.localtime(at)
    return f"{date_format(local, 'D j M Y H:i:s')} {local:%Z}"


def _percent(value: float) -> str:
    return f"{value} %"


WRITERS: dict[str, Callable[[Any], str]] = {
    "moment": moment,
    "duration": duration,
    "rate": rate,
    "percent": _percent,
    "count": grouped,
}


def _fact(name: str, value: Any) -> Fact:
    words, kind = _by_end(name)
    if value is None or value == "":
        return Fact(words, None, "text")
    if not kind:
        return Fact(words, value, "count" if type(value) is int else "text")
    return Fact(words, datetime.fromisoformat(value) if kind == "moment" else value, kind)


@lru_cache(maxsize=500)
def _by_end(name: str) -> tuple[str, str]:
    """Return the words of a name before its end, and the kind that its end tells, if any."""
    for end, kind in KINDS.items():
        if name.endswith(end):
            return _words(name.removesuffix(end)), kind
    return _words(name), ""


@lru_cache(maxsize=500)
def _words(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]
