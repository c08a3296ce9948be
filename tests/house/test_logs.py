"""A service's log is followed and kept small, whatever happens to the file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from batchops.house.logs import LARGEST_LOG_BYTES, Log


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "web.log"
    path.write_text("")
    return path


@pytest.fixture
def log(path: Path) -> Log:
    return Log(path.parent, "web")


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


class TestFollow:
    def test_it_shows_what_matters_once(self, log, path, capsys):
        append(path, "INFO fine\nERROR broken\nERROR half")
        log.follow()
        append(path, " a line\n")
        log.follow()

        shown = capsys.readouterr().out.splitlines()
        assert shown == ["web       | ERROR broken", "web       | ERROR half a line"]

    def test_it_starts_a_large_file_anew_and_keeps_the_old_one(self, log, path):
        append(path, "x\n" * LARGEST_LOG_BYTES)
        for _ in range(3):
            log.follow()

        assert path.stat().st_size < LARGEST_LOG_BYTES
        assert path.with_suffix(".log.1").exists()

    def test_it_gets_past_a_line_larger_than_a_file_may_be(self, log, path, capsys):
        append(path, "y" * (LARGEST_LOG_BYTES + 10))
        log.follow()
        append(path, "\nERROR after it\n")
        log.follow()

        assert "ERROR after it" in capsys.readouterr().out
        assert path.stat().st_size < 100

    def test_it_follows_a_file_that_somebody_else_emptied(self, log, path, capsys):
        append(path, "a line\n" * 100)
        log.follow()
        path.write_text("ERROR one\n")
        log.follow()

        assert "ERROR one" in capsys.readouterr().out

    def test_it_survives_when_the_old_file_cannot_be_kept(self, log, path, capsys):
        kept = path.with_suffix(".log.1")
        kept.mkdir()
        append(path, "x\n" * LARGEST_LOG_BYTES)
        for _ in range(3):
            log.follow()

        said = capsys.readouterr().out.splitlines()
        assert said == [f"web       | {path} cannot be followed just now: {os.strerror(21)}"]

    def test_it_shows_of_postgresqls_errors_only_a_full_disk(self, tmp_path, capsys):
        log = Log(tmp_path, "postgres")
        full = 'ERROR:  could not extend file "base/5/1": No space left on device'

        append(log.path, f"ERROR:  duplicate key value violates a constraint\n{full}\n")
        log.follow()

        assert capsys.readouterr().out == f"postgres  | {full}\n"
