"""Keep the views that older SQL reads, around migrations of the tables below them."""

import re
from pathlib import Path

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

SQL = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
DROP = re.search(r"^DROP VIEW .*?;", SQL, re.MULTILINE | re.DOTALL)


def drop_views(connection: BaseDatabaseWrapper) -> None:
    """Remove the views, so that migrations may change what they read."""
    assert DROP is not None
    with connection.cursor() as cursor:
        cursor.execute(DROP.group())


def create_views(connection: BaseDatabaseWrapper) -> None:
    """Make the views anew, in one transaction, so that no reader ever misses one."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(SQL)


def is_migrated(connection: BaseDatabaseWrapper) -> bool:
    """Return whether every migration is applied, so that the views find their columns."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
