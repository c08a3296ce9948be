"""Who starts on a folder waits for the watchdog of a killed run, which holds its lock."""

import fcntl
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from batchops.house import lock
from batchops.house.errors import CannotStart
from tests.waiting import wait_for


@pytest.fixture
def held(tmp_path: Path) -> int:
    """Hold the folder's lock as a watchdog does, whose file names a process that is gone."""
    path = tmp_path / "up.lock"
    path.write_text("1 0.0\n")
    descriptor = os.open(path, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def test_it_says_so_and_goes_on_when_that_has_ended(
    tmp_path: Path, held: int, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ""

    def is_told() -> bool:
        nonlocal told
        told += capsys.readouterr().out
        return "Waiting for what an earlier run left to stop" in told

    with ThreadPoolExecutor() as pool:
        taking = pool.submit(lock.take_lock, tmp_path)
        wait_for(is_told, 10, "the word that it waits")
        assert not taking.done()
        os.close(held)
        os.close(taking.result(10))
    assert (tmp_path / "up.lock").read_text().startswith(f"{os.getpid()} ")


def test_it_gives_up_in_words(tmp_path: Path, held: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "PATIENCE_S", 0.2)
    with pytest.raises(CannotStart, match="fuser -v"):
        lock.take_lock(tmp_path)
    os.close(held)
