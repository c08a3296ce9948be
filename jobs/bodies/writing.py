"""Write single values as the API has them."""

import base64
import json
from datetime import datetime
from typing import Any, overload


def cursor_of(key: tuple[Any, ...] | None) -> str | None:
    """Return the opaque cursor of a key; None stays None."""
    if key is None:
        return None
    parts = [part.isoformat() if isinstance(part, datetime) else part for part in key]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


@overload
def iso(moment: datetime) -> str: ...
@overload
def iso(moment: datetime | None) -> str | None: ...
def iso(moment: datetime | None) -> str | None:
    """Return a time in ISO 8601 with its offset; None stays None."""
    return None if moment is None else moment.isoformat()


def rounded(number: float | None) -> float | None:
    """Return a number with one decimal; None stays None."""
    return None if number is None else round(number, 1)
