"""Give a bench an empty database of its own beside the site's."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.utils import Error

from batchops.errors import Unavailable


@contextmanager
def scratch_database(name: str) -> Iterator[None]:
    """Work in a new database of the site's name and `name`, migrated, and drop it afterwards.

    :raises Unavailable: when the role of DATABASE_URL may not make databases.
    """
    site = str(connection.settings_dict["NAME"])
    connection.settings_dict["TEST"]["NAME"] = f"{site}_bench_{name}"
    try:
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    except (Error, SystemExit) as error:
        raise Unavailable(
            "This bench makes a database of its own, which the role of DATABASE_URL may not. Name "
            "a role that may create databases, on a server that is not busy."
        ) from error
    try:
        yield
    finally:
        connection.creation.destroy_test_db(site, verbosity=0)
