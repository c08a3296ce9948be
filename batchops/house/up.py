"""Run the whole of BatchOps on this machine with one command: `manage.py up`.

Nothing here needs Django's settings, which do not exist before the first start.
"""

import argparse
import contextlib
import errno
import os
import socket
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from batchops.ccb.errors import UnknownScenario
from batchops.ccb.simulator.scenarios import require_scenario
from batchops.house import postgres
from batchops.house.errors import CannotStart, Stopped
from batchops.house.house import House, Options
from batchops.house.lock import take_lock
from batchops.house.places import cluster_folder
from batchops.house.processes import marked, stop_house
from batchops.house.supervisor import ROOT, Supervisor
from batchops.house.terminal import say

# Subfolders that hold what is nobody else's business: logs, uploads, made artifacts.
PRIVATE_FOLDERS = ("log", "files")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Describe the options of `up`, with the environment's values as defaults."""
    option = parser.add_argument
    option(
        "--host",
        default="127.0.0.1",
        help="address to listen on (127.0.0.1); for other machines also set ALLOWED_HOSTS "
        "to the names they reach it by",
    )
    option(
        "--port",
        type=_port,
        default=os.environ.get("BATCHOPS_PORT") or "8000",
        help="port to listen on (BATCHOPS_PORT, else 8000)",
    )
    option(
        "--data-dir",
        type=Path,
        default=os.environ.get("BATCHOPS_DATA_DIR") or ROOT / "var",
        help="folder of everything that is kept (BATCHOPS_DATA_DIR, else var/)",
    )
    option(
        "--demo",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="simulate a CC&B when CCB_URL is not set",
    )
    option("--speed", type=_speed, default=60.0, help="how much faster the simulated clock runs")
    option(
        "--scenario",
        type=_scenario,
        default="demo",
        help="what the simulated days are like; docs/simulator.md lists them (demo: a mixture)",
    )
    option(
        "--seed", type=int, default=1, help="the simulated dice; counts when the tables are made"
    )
    option(
        "--stop-with-parent",
        action="store_true",
        help="stop when the process that started this one ends, as `make run` wants it",
    )


def main(arguments: Sequence[str]) -> int:
    """Run `up` with the given arguments and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="manage.py up", description="Run the whole of BatchOps on this machine."
    )
    add_options(parser)
    return run(Options(**vars(parser.parse_args(arguments))))


def run(options: Options) -> int:
    """Start everything, keep it running until asked to stop, and return the exit code."""
    try:
        data_dir = _prepare_folder(options.data_dir)
        with _supervised(data_dir, options) as supervisor:
            _stop_leftovers(data_dir)
            _require_free_port(options.host, options.port)
            House(data_dir, options, supervisor).start()
            supervisor.run()
    except Stopped:
        return 0
    except CannotStart as error:
        say(f"BatchOps cannot start. {error.message}")
        return 1
    except OSError as error:
        say(f"BatchOps cannot start. {_explain(error)}")
        return 1
    return 0


@contextlib.contextmanager
def _supervised(data_dir: Path, options: Options) -> Iterator[Supervisor]:
    """Hold the folder and its supervisor; whatever happens inside, everything is stopped."""
    lock = take_lock(data_dir)
    supervisor = Supervisor(data_dir, lock=lock, stop_with_parent=options.stop_with_parent)
    try:
        yield supervisor
    finally:
        supervisor.stop()
        os.close(lock)


def _prepare_folder(wanted: Path) -> Path:
    data_dir = wanted.expanduser().resolve()
    made = not data_dir.exists()
    data_dir.mkdir(parents=True, exist_ok=True)
    if made:
        # Root's PostgreSQL runs as another user, who must pass through but need not look around.
        data_dir.chmod(0o711 if os.geteuid() == 0 else 0o700)
    with tempfile.TemporaryFile(dir=data_dir):
        pass
    for name in PRIVATE_FOLDERS:
        (data_dir / name).mkdir(mode=0o700, exist_ok=True)
    return data_dir


def _stop_leftovers(data_dir: Path) -> None:
    if marked(data_dir) or postgres.postmaster(cluster_folder(data_dir)):
        say("Stopping what an earlier run left behind ...")
        stop_house(data_dir)


def _require_free_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
        except OSError as error:
            raise CannotStart(_explain_bind(error, host, port)) from error


def _explain_bind(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} of {host} is taken by another program. Choose another one, for "
            f"example: BATCHOPS_PORT={port + 1 if port < 65535 else 8001} make run"
        )
    if error.errno == errno.EACCES:
        return f"Port {port} is reserved for root. Choose one above 1023 with BATCHOPS_PORT."
    return f"Cannot listen on {host} port {port}: {error.strerror}. Give --host an own address."


def _explain(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"The data folder cannot be written{where}: {error.strerror}. Give its owner's rights "
            "back, or name another folder in BATCHOPS_DATA_DIR."
        )
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return f"BATCHOPS_DATA_DIR names something that is no folder{where}. Name another one."
    if error.errno == errno.ENOSPC:
        return f"The disk is full{where}. Free some space and start again; no data is lost."
    return f"The system refused{where}: {error.strerror}."


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(
        f"'{text}' is no port. Give a number from 1 to 65535 (--port or BATCHOPS_PORT)."
    )


def _scenario(text: str) -> str:
    try:
        return require_scenario(text)
    except UnknownScenario as error:
        raise argparse.ArgumentTypeError(error.message) from error


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0
    if not 0 < speed <= 3600:
        raise argparse.ArgumentTypeError(f"'{text}' is no speed. Give a number from 1 to 3600.")
    return speed
