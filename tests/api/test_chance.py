"""Send every operation of the document what chance makes of it, right and wrong.

`make chaos` plays more rounds (BATCHOPS_ROUNDS), and before them some 2,300 cases at the limits of
what the document allows, which take a minute.
"""

from __future__ import annotations

import os
from typing import Any
from zlib import crc32

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, settings
from requests import Request
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test

from tests.api.conftest import Site
from tests.api.document import BASE, operations, schema, send

pytestmark = pytest.mark.django_db
IS_CHAOS = "BATCHOPS_ROUNDS" in os.environ
ROUNDS = int(os.environ.get("BATCHOPS_ROUNDS", "5"))
REQUEST_FIELDS = ("method", "url", "headers", "params", "json", "data", "cookies", "files")
load_all_checks()
LEFT_OUT = CHECKS.get_by_names(
    [
        "ignored_auth",  # every request here has a good token, whatever chance made of it
        "positive_data_acceptance",  # no schema can say which cursors and job types there are
        "negative_data_rejection",  # an empty parameter is as good as none, 0 as good as "0"
    ]
)

# By design its status says how CC&B's batches do.
TELLS_BY_STATUS = "/api/ami-operational/health-check"
NO_SERVER_ERROR = CHECKS.get_by_names(["not_a_server_error"])


@pytest.mark.parametrize(
    ("method", "path"), [(method, path) for method, path, _ in operations()], ids=str
)
def test_it_answers_what_the_document_says(method: str, path: str, site: Site) -> None:
    # schemathesis's own parametrize would make every case in every process that collects tests.
    config = schema().config
    config.phases.coverage.enabled = IS_CHAOS
    play = build_operation_test(
        config=config,
        operation=schema()[path][method],
        test_func=answer_as_documented,
        given_kwargs={},
        feedback=FeedbackSources(),
    )
    play(site=site)


@settings(
    max_examples=ROUNDS,
    deadline=None,
    database=None,
    derandomize=not IS_CHAOS,
    suppress_health_check=list(HealthCheck),
)
def answer_as_documented(case: Any, site: Site) -> None:
    aim(case, site)
    given = case.as_transport_kwargs(base_url=BASE)
    request = Request(**{name: given[name] for name in REQUEST_FIELDS if name in given}).prepare()
    request.headers["Authorization"] = f"Token {site.key}"

    with transaction.atomic():
        answer = send(Client(raise_request_exception=False), request)
        transaction.set_rollback(True)

    more = NO_SERVER_ERROR if case.path == TELLS_BY_STATUS else []
    case.validate_response(answer, excluded_checks=[*LEFT_OUT, *more])


def aim(case: Any, site: Site) -> None:
    """Let most addresses that could exist be of something that does."""
    if case.meta.is_negative_at(ParameterLocation.PATH):
        return
    for name, made in case.path_parameters.items():
        known = [*site.known[name], made]
        case.path_parameters[name] = known[crc32(repr(case.body).encode()) % len(known)]
