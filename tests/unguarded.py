"""Change or remove in a test what the database keeps as it was written."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# Without triggers, which only a superuser may ask for.
UNGUARDED = "SET session_replication_role = replica"
GUARDED = "SET session_replication_role = DEFAULT"


@contextmanager
def unguarded() -> Iterator[None]:
    """Let no trigger of this connection fire meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(UNGUARDED)
        try:
            yield
        finally:
            if not connection.needs_rollback:
                cursor.execute(GUARDED)
