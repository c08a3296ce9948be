"""Call the commands as a person does, in a process of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from batchops.access import find_token
from batchops.management import benches
from batchops.models import User
from tests.embedded import ROOT


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "SECRET_KEY": settings.SECRET_KEY, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class TestWithoutADatabase:
    def test_a_command_says_in_a_sentence_what_to_do(self, tmp_path: Path) -> None:
        done = manage("poll_ccb", DATABASE_URL=f"postgres://nobody@/nothing?host={tmp_path}")

        assert done.returncode == 1
        assert "Start BatchOps with `make run`, or check DATABASE_URL." in done.stderr
        assert "Traceback" not in done.stderr


class TestWithoutASecret:
    @pytest.mark.parametrize("command", ["web", "poll_ccb"])
    def test_nothing_starts_and_one_sentence_says_why(self, command: str, tmp_path: Path) -> None:
        done = manage(command, SECRET_KEY="", BATCHOPS_DATA_DIR=str(tmp_path))

        assert done.returncode == 1
        assert done.stderr.startswith("BatchOps cannot start: SECRET_KEY is not set.")
        assert "Traceback" not in done.stderr


class TestASecretThatBeginsWithADollar:
    def test_it_is_taken_as_it_is(self) -> None:
        secret, password = "$" + "x" * 60, "$ecret"
        show = (
            "from django.conf import settings as s;"
            "print(s.SECRET_KEY, s.DATABASES['default']['PASSWORD'])"
        )

        done = manage(
            "shell", "-v0", "-c", show,
            SECRET_KEY=secret, DATABASE_URL=f"postgres://me:{password}@localhost/nothing",
        )  # fmt: skip

        assert done.stdout.split() == [secret, password], done.stderr


@pytest.mark.django_db
class TestCreateToken:
    def test_it_prints_a_key_that_lets_the_user_in(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        user = User.objects.create(username="programs")

        call_command("create_token", "programs", "crp console")

        token = find_token(capsys.readouterr().out.strip())
        assert token is not None
        assert (token.user, token.name) == (user, "crp console")

    def test_it_refuses_a_second_token_of_one_name(self) -> None:
        User.objects.create(username="programs")
        call_command("create_token", "programs", "crp console")

        with pytest.raises(CommandError, match="already has a token named 'crp console'"):
            call_command("create_token", "programs", "crp console")

    def test_it_names_a_user_who_does_not_exist(self) -> None:
        with pytest.raises(CommandError, match="There is no user 'nobody'"):
            call_command("create_token", "nobody", "crp console")


class TestBench:
    def test_all_prints_one_json_object_a_bench(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        made = [
            benches.Bench(name=name, what="A pretence.", run=lambda: {"items": 1})
            for name in ("a", "b")
        ]
        monkeypatch.setattr(benches, "registered", lambda: {bench.name: bench for bench in made})

        call_command("bench", "all", "--json")

        lines = capsys.readouterr().out.splitlines()
        assert [json.loads(line) for line in lines] == [
            {"bench": "a", "items": 1},
            {"bench": "b", "items": 1},
        ]

    def test_an_unknown_one_is_refused_with_the_known_ones(self) -> None:
        with pytest.raises(CommandError, match=r"No bench 'x'. Known are: .*jobs.*, all\."):
            call_command("bench", "x")
