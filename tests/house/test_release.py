"""`manage.py release` prepares any database, however often and however many at once."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection
from psycopg import sql
from psycopg.conninfo import make_conninfo

from batchops.errors import Conflict
from batchops.house.rights import READ_BY_REPORTS
from batchops.management.restore import broken, differences, drill, picture
from tests.embedded import ROOT
from tests.house.running import PASSWORD, clean_environment

pytestmark = [pytest.mark.processes, pytest.mark.sql, pytest.mark.timeout(300)]


def address(database: str, role: str = "") -> str:
    """Return the address of a database on the tests' server, as its superuser or as `role`."""
    server = urlsplit(os.environ["DATABASE_URL"])
    place = f"{role}:{PASSWORD}@{server.netloc.rpartition('@')[2]}" if role else server.netloc
    return server._replace(netloc=place.replace(" ", "%20"), path=f"/{database}").geturl()


@pytest.fixture
def database() -> Iterator[str]:
    """Make an empty database with its roles, as docs/deploy.md does, under a name of its own."""
    name = f"release_{secrets.token_hex(4)}"
    script = re.sub("--.*", "", (ROOT / "deploy/roles.sql").read_text()).replace("batchops", name)
    roles = [f"{name}_{role}" for role in ("owner", "app", "reports")]
    with psycopg.connect(address("postgres"), autocommit=True) as server:
        for statement in script.strip().removesuffix(";").split(";"):
            server.execute(statement.encode())
        for role in roles:
            give = sql.SQL("ALTER ROLE {} PASSWORD {}")
            server.execute(give.format(sql.Identifier(role), sql.Literal(PASSWORD)))
        yield name
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        for role in roles:
            server.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


# What no role may do, though whoever has the password tries.
ANYBODY = [
    "CREATE ROLE mine SUPERUSER",
    "COPY batchops_user TO PROGRAM 'cat'",
    "SELECT pg_read_file('/etc/passwd')",
    "SET session_replication_role = replica",
]
NO_OWNER = [
    *ANYBODY,
    "SET ROLE batchops_owner",
    "CREATE TABLE mine (id integer)",
    "CREATE TEMP TABLE mine (id integer)",
    "CREATE FUNCTION public.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "ALTER TABLE jobs_job ADD COLUMN mine integer",
    "ALTER TABLE jobs_jobevent DISABLE TRIGGER ALL",
    "CREATE INDEX mine ON jobs_job (id)",
    "DROP TABLE jobs_job CASCADE",
    "TRUNCATE batchops_user CASCADE",
    "TRUNCATE jobs_jobevent",
    "DELETE FROM django_admin_log",
    "UPDATE django_admin_log SET change_message = ''",
    "UPDATE jobs_jobevent SET actor = 'user:innocent'",
    "DELETE FROM jobs_scheduleevent",
    "DELETE FROM alerts_alertevent",
    "UPDATE alerts_alertevent SET at = now()",
    "UPDATE alerts_deliveryattempt SET at = now()",
    "UPDATE monitoring_runevent SET at = now()",
    "DELETE FROM monitoring_stepevent",
    "UPDATE alerts_channelevent SET name = ''",
]
FORBIDDEN = {
    "owner": ANYBODY,
    "app": NO_OWNER,
    "reports": [
        *NO_OWNER,
        "SELECT 1 FROM batchops_user",
        "SELECT 1 FROM batchops_apitoken",
        "SELECT 1 FROM django_session",
        "SELECT 1 FROM alerts_channelsecret",
        "SELECT 1 FROM django_q_ormq",
        "SELECT 1 FROM jobs_jobitem",
        "SELECT nextval('jobs_jobevent_id_seq')",
        "DELETE FROM batch_execution_logs",
        "UPDATE batch_jobs SET title = ''",
    ],
}
PERMITTED = [
    "UPDATE batchops_user SET last_name = 'Administrator'",
    "DELETE FROM monitoring_runevent",
    (
        "INSERT INTO jobs_scheduleevent (verb, actor, before, after, schedule_id)"
        " SELECT 'pause', 'user:x', '{}', '{}', id FROM jobs_schedule"
    ),
]


def start_release(database: str, data_dir: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "release", "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment(data_dir)
        | {
            "SECRET_KEY": secrets.token_urlsafe(50),
            "DATABASE_URL": address(database, f"{database}_app"),
            "DATABASE_OWNER_URL": address(database, f"{database}_owner"),
            "DATABASE_REPORTS_ROLE": f"{database}_reports",
            "BATCHOPS_ADMIN_PASSWORD": PASSWORD,
        },
    )


def answer_of(release: subprocess.Popen[str]) -> dict[str, bool]:
    out, err = release.communicate(timeout=240)
    assert release.returncode == 0, err
    assert PASSWORD not in err
    answer: dict[str, bool] = json.loads(out)
    return answer


def allowed(database: str, role: str, statements: Sequence[str]) -> list[str]:
    """Return those of the statements that a role may execute; nothing of them stays."""
    done = []
    with psycopg.connect(address(database, f"{database}_{role}")) as connection:
        # Not by the role's own default, which anybody changes for himself.
        connection.read_only = False
        for statement in statements:
            try:
                connection.execute(
                    statement.replace("batchops_owner", f"{database}_owner").encode()
                )
                done.append(statement)
            except psycopg.errors.InsufficientPrivilege:
                pass
            connection.rollback()
    return done


class TestRelease:
    def test_two_wait_for_the_database_and_make_one_first_user_and_its_rights(
        self, database, tmp_path
    ):
        allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        name = sql.Identifier(database)
        with psycopg.connect(address("postgres"), autocommit=True) as server:
            server.execute(allow.format(name, sql.SQL("false")))
            both = [start_release(database, tmp_path) for _ in range(2)]
            for release in both:
                assert release.stderr is not None
                assert any("does not answer yet" in line for line in release.stderr)
            server.execute(allow.format(name, sql.SQL("true")))

        answers = [answer_of(release)["admin_created"] for release in both]
        assert sorted(answers) == [False, True]

        for role, statements in FORBIDDEN.items():
            assert allowed(database, role, statements) == []
        assert allowed(database, "app", PERMITTED) == PERMITTED
        reads = [f"SELECT * FROM {table}" for table in READ_BY_REPORTS]
        assert allowed(database, "reports", reads) == reads
        self.restore(database)

    def restore(self, database: str) -> None:
        """Take a backup through its drill, and see that the drill sees what is broken."""
        copy, role = f"{database}_copy", f"{database}_owner"
        owner, into = address(database, role), address(copy, role)
        made = sql.SQL("CREATE DATABASE {} OWNER {}")
        with psycopg.connect(address("postgres"), autocommit=True) as server:
            server.execute(made.format(sql.Identifier(copy), sql.Identifier(role)))
            try:
                outcome = drill(owner, into=into)
                assert (outcome.problems, outcome.tables > 60) == ([], True)
                with pytest.raises(Conflict, match="empty one"):
                    drill(owner, into=into)
                self.damage(into)
            finally:
                gone = sql.SQL("DROP DATABASE {} WITH (FORCE)")
                server.execute(gone.format(sql.Identifier(copy)))

    def damage(self, copy: str) -> None:
        with psycopg.connect(copy) as restored:
            before = picture(restored)
            restored.execute("DROP TRIGGER pgtrigger_never_emptied_3cd84 ON jobs_jobevent")
            restored.execute("UPDATE auth_group SET name = name || '!'")
            restored.execute("SELECT setval('auth_group_id_seq', 1)")

            told = [problem.split(":")[0] for problem in differences(before, picture(restored))]
            assert told == ["table auth_group", "triggers"]
            assert broken(restored) == ["the numbers of auth_group go on where its rows end"]
            restored.rollback()


class TestDrill:
    @pytest.mark.django_db
    def test_an_address_counts_whole_and_settings_of_another_server_are_no_difference(self) -> None:
        name = f"restored_{secrets.token_hex(4)}"
        before = (
            "CREATE ROLE {} NOLOGIN",
            "CREATE DATABASE {0} OWNER {0}",
            "ALTER DATABASE {} SET timezone = 'Asia/Dhaka'",
            "ALTER DATABASE {} SET datestyle = 'SQL, DMY'",
        )
        with psycopg.connect(address("postgres"), autocommit=True) as server:
            for statement in before:
                server.execute(sql.SQL(statement).format(sql.Identifier(name)))
            try:
                into = make_conninfo(address(name), options=f"-c role={name}")
                outcome = drill(address(str(connection.settings_dict["NAME"])), into=into)
                with psycopg.connect(into) as restored:
                    owned = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
                    owners = restored.execute(owned).fetchall()
            finally:
                for statement in ("DROP DATABASE {} WITH (FORCE)", "DROP ROLE {}"):
                    server.execute(sql.SQL(statement).format(sql.Identifier(name)))

        assert owners == [(name,)]
        assert outcome.problems == []
