"""Log lines for programs: each is one JSON object, whatever was logged."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from batchops.log_lines import JsonLines, about
from batchops.web.request_ids import NAME
from tests.embedded import ROOT


class Log:
    """A logger whose lines are kept."""

    def __init__(self) -> None:
        self._text = io.StringIO()
        handler = logging.StreamHandler(self._text)
        handler.setFormatter(JsonLines())
        self.handler = handler

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._text.getvalue().splitlines()]


@pytest.fixture
def log() -> Iterator[Log]:
    kept = Log()
    loggers = [logging.getLogger("x"), logging.getLogger("django.request")]
    loggers[0].propagate = False  # no terminal takes what it is given
    for logger in loggers:
        logger.addHandler(kept.handler)
    yield kept
    for logger in loggers:
        logger.removeHandler(kept.handler)


class TestJson:
    def test_each_record_is_one_line_that_parses(self, log: Log) -> None:
        texts = [
            "two\nlines",
            "\x1b[31mred",
            "\u2028\x85\r\v",
            '"}{"level": 1',
            "\ud800",
            "\0",
            "বাংলা",
        ]
        for text in texts:
            with about(request_id="a-request"):
                # Not by a logger: what collects the tests' own logs reads no lone surrogate.
                given = logging.LogRecord("x", logging.WARNING, "", 1, "It said %s", (text,), None)
                log.handler.handle(given)

        assert [record["message"] for record in log.records] == [f"It said {t}" for t in texts]
        for record in log.records:
            assert (record["level"], record["logger"]) == ("WARNING", "x")
            assert record["request_id"] == "a-request"
            assert record["at"].endswith("+00:00")

    def test_a_trace_and_arguments_that_do_not_fit_are_no_exception(self, log: Log) -> None:
        try:
            raise ValueError("first\nsecond")
        except ValueError:
            logging.getLogger("x").exception("It broke")
        misfit = logging.LogRecord("x", logging.INFO, "", 1, "%s and %s", ("one",), None)
        log.handler.handle(misfit)

        broken, told = log.records
        assert broken["trace"].endswith("ValueError: first\nsecond")
        assert "one" in told["message"]

    def test_no_secret_is_in_it(self, log: Log) -> None:
        try:
            raise ValueError("postgres://me:canary@host/db")
        except ValueError:
            logging.getLogger("x").exception("password=canary, Token %s", "canary" * 4)

        assert "canary" not in json.dumps(log.records)

    def test_threads_do_not_mix_and_a_job_is_known_by_its_name_or_by_who_works(
        self, log: Log
    ) -> None:
        def work(number: int) -> None:
            with about(job_id=f"job{number}"):
                for _ in range(20):
                    logging.getLogger("x").warning("working on %d", number)

        threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        logging.getLogger("x").warning("finish job=Abc123 by=user:x")

        *worked, finished = log.records
        assert len(worked) == 80
        assert all(one["message"] == f"working on {one['job_id'][3:]}" for one in worked)
        assert finished["job_id"] == "Abc123"

    def test_a_process_that_is_told_to_writes_so(self) -> None:
        write = (
            "import django, logging, warnings; django.setup();"
            "logging.getLogger('django_q').error('one\\ntwo'); warnings.warn('three')"
        )
        done = subprocess.run(
            [sys.executable, "-c", write],
            cwd=ROOT,
            env={**os.environ, "LOG_FORMAT": "json"},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )

        told = [json.loads(line)["message"] for line in done.stderr.splitlines()]
        assert told[0] == "one\ntwo"
        assert "three" in told[1]


@pytest.mark.django_db
class TestARequest:
    def test_its_records_bear_the_id_that_its_answer_tells(self, log: Log) -> None:
        answer = Client().get("/nowhere")

        [record] = log.records
        assert record["request_id"] == answer.headers[NAME]
        assert len(answer.headers[NAME]) == 32

    @pytest.mark.parametrize(
        ("given", "taken"),
        [
            ("0af7651916cd43dd", True),
            ("short", False),
            ("x" * 65, False),
            ("a\x1b[31mbcdefg", False),
        ],
    )
    def test_an_id_of_the_proxy_is_taken_if_it_is_one(self, given: str, taken: bool) -> None:
        answer = Client().get("/healthz", headers={NAME: given})

        assert (answer.headers[NAME] == given) == taken
