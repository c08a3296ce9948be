"""Read JSON exactly as the standard has it: no key twice, no NaN, no endless number."""

import json
from collections import Counter
from typing import Any, NoReturn

# No field takes a number near this; longer ones only cost time.
MAX_DIGITS = 400


class DoubledKeys(ValueError):
    """Say which keys an object has more than once, for nobody knows which value was meant."""

    def __init__(self, keys: list[str]) -> None:
        super().__init__(f"an object has the key '{keys[0]}' more than once")
        self.keys = keys


def loads(text: str) -> Any:
    """Return the value that a JSON text holds.

    :raises DoubledKeys: when an object in it has a key twice.
    :raises ValueError: when it is no JSON, or has a number of more than MAX_DIGITS digits.
    :raises RecursionError: when it is nested too deep.
    """
    return json.loads(
        text,
        object_pairs_hook=_without_doubles,
        parse_int=_whole_number,
        parse_constant=_refuse_constant,
    )


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        raise DoubledKeys([key[:50] for key in found if counts[key] > 1])
    return found


def _whole_number(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number has {len(digits):,} digits, and {MAX_DIGITS} is the limit")
    return int(digits)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no finite number")
