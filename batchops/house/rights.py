"""Give the roles of the application and of reports the rights they need on what was made."""

from django.db import connection
from psycopg import sql

from batchops.append_only import taken_rights

APPLICATION = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
    "ALTER DEFAULT PRIVILEGES GRANT USAGE, SELECT ON SEQUENCES TO {role}",
)
# The names that SQL of older consoles reads, and daily figures: no people, tokens or secrets.
READ_BY_REPORTS = (
    "batch_execution_logs",
    "batch_job_progress",
    "batch_jobs",
    "batch_monitoring_alerts",
    "batch_performance_summary",
    "batch_status_summary",
    "batch_workflow_config",
    "jobs_jobday",
    "processing_jobs",
    "run_summaries",
)


def grant_application(role: str) -> None:
    """Let a role read and write rows, but neither change nor remove what is only added to."""
    for statement in APPLICATION:
        _execute(statement, role=role)
    for table, rights in taken_rights():
        _execute(f"REVOKE {rights} ON {{table}} FROM {{role}}", role=role, table=table)


def grant_reports(role: str) -> None:
    """Let a role read what reports need, and nothing else."""
    _execute("GRANT USAGE ON SCHEMA public TO {role}", role=role)
    for table in READ_BY_REPORTS:
        _execute("GRANT SELECT ON {table} TO {role}", role=role, table=table)


def _execute(statement: str, **names: str) -> None:
    quoted = {key: sql.Identifier(name) for key, name in names.items()}
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(**quoted))
