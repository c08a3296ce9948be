"""Look at the database: that it answers, who we are there, and that it is as the code expects."""

import time
from collections.abc import Sequence

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from batchops.checks import OLDEST_POSTGRESQL
from batchops.doctor.findings import Found, fail, ok, size, warn
from batchops.sizes import database

SLOW_S = 0.5
NAMED = 5
WHO_SQL = """
    SELECT current_user, current_setting('server_version'),
           current_setting('server_version_num')::int / 10000, pg_is_in_recovery(),
           current_setting('default_transaction_read_only') = 'on',
           (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
"""
# What only ever grows may be closed to changes; reading and adding is needed everywhere.
LACKING_SQL = """
    SELECT name FROM unnest(%s::text[]) AS name
     WHERE to_regclass(quote_ident(name)) IS NOT NULL
       AND NOT (has_table_privilege(quote_ident(name), 'SELECT')
                AND has_table_privilege(quote_ident(name), 'INSERT'))
"""


def look_at_server() -> Sequence[Found]:
    """Say that it answers, how fast, of which release it is, and how crowded."""
    began = time.monotonic()
    with connection.cursor() as cursor:
        asked = time.monotonic()
        cursor.execute(WHO_SQL)
        _, version, major, standby, read_only, _ = cursor.fetchone()
    took_s, asked_s = time.monotonic() - began, time.monotonic() - asked
    seen = (
        f"PostgreSQL {version} at {_place()} answers in {1000 * asked_s:.0f} ms, "
        f"with the login in {1000 * took_s:.0f} ms."
    )
    found = [ok("database", seen)]
    if asked_s > SLOW_S:
        found = [warn("database", seen, "Look for what keeps the server or the network busy.")]
    if major < OLDEST_POSTGRESQL:
        remedy = f"Upgrade it to {OLDEST_POSTGRESQL} or newer."
        found.append(fail("database", f"PostgreSQL {version} is too old.", remedy))
    if standby or read_only:
        seen = "The database can only be read: it is a standby, or set to read only."
        found.append(fail("database", seen, "Let DATABASE_URL name the primary."))
    return [*found, _crowd()]


def look_at_rights() -> Sequence[Found]:
    """Say as whom we come, and whether that role may do what it must and no more."""
    with connection.cursor() as cursor:
        cursor.execute(WHO_SQL)
        role, *_, superuser = cursor.fetchone()
        cursor.execute(LACKING_SQL, [_tables()])
        lacking = [name for (name,) in cursor.fetchall()]
    if lacking:
        named = ", ".join(lacking[:NAMED]) + (" and more" if len(lacking) > NAMED else "")
        seen = f"Role {role} lacks rights on {len(lacking)} tables: {named}."
        return [fail("rights", seen, "Run `manage.py release` with DATABASE_OWNER_URL set.")]
    if superuser:
        seen = f"We come as {role}, a superuser, who may do anything to the whole server."
        remedy = "Make a role of its own and name it in DATABASE_URL (docs/settings.md)."
        return [warn("rights", seen, remedy)]
    return [ok("rights", f"Role {role} may read and add to every table and is no superuser.")]


def look_at_migrations() -> Sequence[Found]:
    """Say whether the tables are as this release expects them."""
    executor = MigrationExecutor(connection)
    behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    ahead = set(executor.loader.applied_migrations) - set(executor.loader.disk_migrations)
    if behind:
        first = behind[0][0]
        seen = f"{len(behind)} migrations are missing, the first is {first.app_label}.{first.name}."
        return [fail("migrations", seen, "Run `manage.py release`.")]
    if ours := sorted(name for app, name in ahead if app in apps.app_configs):
        seen = f"The database knows {len(ours)} migrations that this release does not: {ours[0]}."
        return [warn("migrations", seen, "Install the newer release here, too.")]
    return [ok("migrations", "All are applied.")]


def _crowd() -> Found:
    held = database()
    seen = f"{held.connected} of {held.connectable} connections are used."
    if not held.is_crowded:
        return ok("connections", f"{seen} The database has {size(held.total_bytes)}.")
    remedy = "Raise max_connections, or find in pg_stat_activity who holds them."
    return warn("connections", seen, remedy)


def _place() -> str:
    known = settings.DATABASES["default"]
    return f"{known['HOST'] or 'this machine'}/{known['NAME']}"


def _tables() -> list[str]:
    models = apps.get_models(include_auto_created=True)
    return sorted({model._meta.db_table for model in models if model._meta.managed})
