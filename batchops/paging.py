"""Page through big tables: a count that stops early, and a place to go on from."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Self

from django.core.paginator import Paginator
from django.db.models import Q

from batchops.errors import InvalidInput

COUNTED = 10_000


class CappedPaginator(Paginator[Any]):
    """Count at most 10,000 rows: enough pages to leaf through, and never a scan of millions."""

    counted = COUNTED

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: self.counted].count())


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page, in an order of newest first by a time and then by id."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"{self.at.isoformat()}|{self.id}".encode()).decode()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str()` wrote.

        :raises InvalidInput: when it is anything else.
        """
        try:
            at, _, row_id = base64.urlsafe_b64decode(text.encode()).decode().partition("|")
            moment = datetime.fromisoformat(at)
            if moment.tzinfo is None:
                raise ValueError
            # PostgreSQL refuses offsets that Python takes.
            cursor = cls(moment.astimezone(UTC), int(row_id))
        except (ValueError, OverflowError, binascii.Error) as error:
            raise InvalidInput(
                "This cursor is not one we gave. Leave it out to start at the first page.",
                {"cursor": ["Must be the nextCursor of a former answer."]},
            ) from error
        return cursor

    def older(self, field: str) -> Q:
        """Return the condition for the rows behind this one, ordered by `field` and id."""
        return Q(**{f"{field}__lt": self.at}) | Q(**{field: self.at, "id__lt": self.id})
