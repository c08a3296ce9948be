"""Page through lists by key."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a long list, and the key after which the next one begins, None at the end."""

    rows: list[Row]
    next_key: tuple[Any, ...] | None
