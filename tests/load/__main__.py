"""Load a whole site with screens and readers; print what it did as JSON, an object a phase.

python -m tests.load [--phases 1x1000,1x2000,2x2000,4x2000] [--seconds 12] [--requests 200]
    [--storm 500]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.load.figures import Gauge, of_screens, percentiles_ms
from tests.load.site import site, web_servers
from tests.load.surroundings import here

PHASES = "1x1000,1x1500,1x2000,2x2000,4x2000"
JOBS = 20
UPDATES_A_SECOND = 4
HANDS = 4
GENERATORS = 2
SCREENS_A_PERSON = 20
STORM_REQUESTS = 20
WARM_UP_S = 3
LAST_FRAMES_S = 5


def main() -> None:
    options = arguments()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    phases = [tuple(map(int, phase.split("x"))) for phase in options.phases.split(",")]
    with site("--no-demo") as data_dir:
        greatest = max(options.storm, *(sockets for _, sockets in phases))
        tokens = people(greatest // SCREENS_A_PERSON + 1)
        say(storm(data_dir, tokens, sockets=options.storm) | here())
        for webs, sockets in phases:
            say(run(data_dir, tokens, webs=webs, sockets=sockets, options=options) | here())


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phases", default=PHASES, help="web processes x sockets, in turn")
    parser.add_argument("--seconds", type=float, default=12, help="measured, of each phase")
    parser.add_argument("--requests", type=int, default=200, help="of the API, a second")
    parser.add_argument("--storm", type=int, default=500, help="sockets that come back at once")
    return parser.parse_args()


def people(count: int) -> list[str]:
    """Make people who may see jobs and alerts; return a token of each."""
    from batchops.access import create_token
    from batchops.models import User

    everybody = [User.objects.create_superuser(f"load{n}", password=None) for n in range(count)]
    return [create_token(user=person, name="load") for person in everybody]


def storm(data_dir: Path, tokens: list[str], *, sockets: int) -> dict[str, Any]:
    """Let all screens come at once to one web server, as after its restart, and return figures."""
    from tests.load.work import Job

    jobs = [Job(items=1).id for _ in range(JOBS)]
    with web_servers(data_dir, 1, LIVE_SOCKETS_PER_USER="1000") as servers:
        order = {"ports": list(servers), "tokens": tokens, "jobs": jobs, "at_once": sockets}
        with readers(order, STORM_REQUESTS) as reader:
            begun_at = time.monotonic()
            with screens(order, sockets):
                connected_s = time.monotonic() - begun_at
                answers = ask(reader)
    api = of_answers(answers, STORM_REQUESTS)
    return {"storm": sockets, "connected_s": round(connected_s, 1), "api": api}


def run(
    data_dir: Path, tokens: list[str], *, webs: int, sockets: int, options: argparse.Namespace
) -> dict[str, Any]:
    """Put on one load, and return its figures."""
    from tests.load.work import Hand, Job

    items = int(UPDATES_A_SECOND * (options.seconds + 120))
    jobs = [Job(items) for _ in range(JOBS)]
    with web_servers(data_dir, webs, LIVE_SOCKETS_PER_USER="1000") as servers:
        order = {"ports": list(servers), "tokens": tokens, "jobs": [job.id for job in jobs]}
        begun_at = time.monotonic()
        with screens(order, sockets) as generators, readers(order, options.requests) as reader:
            connected_s = time.monotonic() - begun_at
            hands = [Hand(jobs[n::HANDS], a_second=UPDATES_A_SECOND) for n in range(HANDS)]
            for hand in hands:
                hand.start()
            time.sleep(WARM_UP_S)
            gauge, measured_from = Gauge(servers.values()), time.time()
            watch(gauge, options.seconds)
            taken = gauge.figures()
            answers = ask(reader)
            for hand in hands:
                hand.end()
            time.sleep(LAST_FRAMES_S)
            seen = [screen for one in generators for screen in ask(one)]
        stopped_at = time.monotonic()
    stopped_s = time.monotonic() - stopped_at
    done = {job.id: job.done for job in jobs}
    return {
        "web_processes": webs,
        "sockets": sockets,
        "jobs": JOBS,
        "updates_a_second_of_a_job": UPDATES_A_SECOND,
        "connected_s": round(connected_s, 1),
        **of_screens(seen, done, measured_from),
        "api": of_answers(answers, options.requests),
        **taken,
        "stopped_s": round(stopped_s, 1),
    }


def watch(gauge: Gauge, seconds: float) -> None:
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        gauge.look()
        time.sleep(1)


def of_answers(answers: Mapping[str, Sequence[float]], a_second: int) -> dict[str, Any]:
    good = answers.get("200", [])
    refused = {status: len(each) for status, each in answers.items() if status != "200"}
    return {"asked_a_second": a_second, "answered": len(good), "not_answered": refused} | {
        "answer_ms": percentiles_ms(good)
    }


@contextmanager
def screens(order: Mapping[str, Any], sockets: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Open all sockets, each process its share, and wait until every one watches."""
    share = sockets // GENERATORS
    orders = [{**order, "first": n * share, "count": share} for n in range(GENERATORS)]
    with programs("tests.load.screens", orders) as started:
        yield started


@contextmanager
def readers(order: Mapping[str, Any], a_second: int) -> Iterator[subprocess.Popen[str]]:
    with programs("tests.load.readers", [{**order, "a_second": a_second}]) as started:
        yield started[0]


@contextmanager
def programs(
    module: str, orders: Sequence[Mapping[str, Any]]
) -> Iterator[list[subprocess.Popen[str]]]:
    """Run a module once for each order, until it is asked or abandoned."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in orders
    ]
    try:
        for one, order in zip(started, orders, strict=True):
            tell(one, json.dumps(order))
        for one in started:
            assert hear(one) == "ready", f"{module} did not begin"
        yield started
    finally:
        for one in started:
            one.kill()
            one.communicate()


def ask(program: subprocess.Popen[str]) -> Any:
    """Have a program end, and return what it says."""
    tell(program, "end")
    return json.loads(hear(program))


def tell(program: subprocess.Popen[str], line: str) -> None:
    assert program.stdin is not None
    program.stdin.write(f"{line}\n")
    program.stdin.flush()


def hear(program: subprocess.Popen[str]) -> str:
    assert program.stdout is not None
    return program.stdout.readline().strip()


def say(figures: dict[str, Any]) -> None:
    print(json.dumps(figures), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
