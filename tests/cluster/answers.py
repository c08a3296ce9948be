"""What the bells of these tests ring: each writes into the file that ANSWERS names."""

import ctypes
import os
import signal
import subprocess
import threading
import time
from pathlib import Path


def note() -> None:
    _write("noted")


def take_a_second() -> None:
    _write("begun")
    time.sleep(1)
    _write("finished")


def take_half_a_minute() -> None:
    _write("begun")
    time.sleep(30)
    _write("finished")


def heed_the_stop() -> None:
    """Work in short pieces and leave when the cluster stops, as a job's slice does."""
    from batchops.cluster import stopping

    _write("begun")
    while not stopping.requested():
        time.sleep(0.02)
    _write("finished")


def hear_nothing() -> None:
    """Stay in C code with every signal blocked, so that no time limit reaches it."""
    _write("begun")
    signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
    ctypes.CDLL(None).sleep(60)


def start_a_program() -> None:
    program = subprocess.Popen(["sleep", "60"])
    _write("started", program.pid)
    program.wait()


def overrun_the_item_limit() -> None:
    """End the own process from a thread, as the item limit of a job does."""
    _write("begun")
    threading.Timer(0.2, os._exit, [75]).start()
    time.sleep(30)


def _write(word: str, pid: int | None = None) -> None:
    with Path(os.environ["ANSWERS"]).open("a") as file:
        file.write(f"{word} {pid or os.getpid()}\n")
