"""Register what can be watched: a name, who may watch it, how it is read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from batchops.registry import Registry

Read = Callable[[str], dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing that screens watch.

    `read` takes the key (the part after the colon, "" for a topic without one) inside a
    consistent snapshot and returns facts only: codes, numbers, UTC times in ISO 8601; no words,
    no HTML, no personal data, and the same for everybody who may watch. It returns None when
    nothing has that key. With `follows` it is read whenever that topic changes, for all it shows
    comes from there.
    """

    name: str
    permission: str
    read: Read
    keyed: bool = False
    follows: str = ""


_topics: Registry[Topic] = Registry(__name__)


def register(topic: Topic) -> None:
    """Add a topic; apps call this from functions that they give to batchops.registry."""
    _topics[topic.name] = topic


def find(address: str) -> tuple[Topic, str] | None:
    """Return the topic and key of an address such as `jobs` or `job:<id>`, None if unknown."""
    name, colon, key = address.partition(":")
    topic = _topics.get(name)
    if topic is None or topic.keyed != bool(colon) or (topic.keyed and not key):
        return None
    return topic, key


def changed_with(address: str) -> list[str]:
    """Return what may have changed when an address did: itself, and the topics that follow it."""
    return [address, *(topic.name for topic in _topics.values() if topic.follows == address)]


def registered() -> list[Topic]:
    """Return every topic, by name."""
    return sorted(_topics.values(), key=lambda topic: topic.name)
