"""`manage.py release` prepares any database, however often and however many at once."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from tests.house.running import PASSWORD, ROOT, clean_environment

pytestmark = [pytest.mark.processes, pytest.mark.sql]


def address(database: str, role: str = "") -> str:
    """Return the address of a database on the tests' server, as its superuser or as `role`."""
    server = urlsplit(os.environ["DATABASE_URL"])
    place = f"{role}:{PASSWORD}@{server.netloc.rpartition('@')[2]}" if role else server.netloc
    return server._replace(netloc=place.replace(" ", "%20"), path=f"/{database}").geturl()


@pytest.fixture
def database() -> Iterator[str]:
    """Make an empty database; its owner and its application's role bear names made from its own."""
    name = f"release_{secrets.token_hex(4)}"
    with psycopg.connect(address("postgres"), autocommit=True) as server:
        for role in (f"{name}_owner", f"{name}_app"):
            create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
            server.execute(create.format(sql.Identifier(role), sql.Literal(PASSWORD)))
        owned = sql.SQL("CREATE DATABASE {} OWNER {}")
        server.execute(owned.format(sql.Identifier(name), sql.Identifier(f"{name}_owner")))
        yield name
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        for role in (f"{name}_owner", f"{name}_app"):
            server.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


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
            "BATCHOPS_ADMIN_PASSWORD": PASSWORD,
        },
    )


def answer_of(release: subprocess.Popen[str]) -> dict[str, bool]:
    out, err = release.communicate(timeout=60)
    assert release.returncode == 0, err
    assert PASSWORD not in err
    answer: dict[str, bool] = json.loads(out)
    return answer


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

        with psycopg.connect(address(database, f"{database}_app"), autocommit=True) as application:
            application.execute("UPDATE batchops_user SET last_name = 'Administrator'")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                application.execute("TRUNCATE batchops_user CASCADE")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                application.execute("CREATE TABLE mine (id integer)")
