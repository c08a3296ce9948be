"""Send every route of jobs what careless programs send; a new route joins by one line.

Each line names the fields of a route and what kind each is. Whatever is sent: the answer is a 4xx
that names the field, and nothing has changed.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils.http import urlencode

from jobs import lifecycle
from jobs.models import Job
from tests.jobs.conftest import Make

pytestmark = pytest.mark.django_db


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


LONG = "x" * 100_001
UNSTORABLE = ("a\x00b", "\ud800")
NO_TEXT: tuple[Any, ...] = (True, {}, [], *UNSTORABLE, LONG)
NO_NUMBER: tuple[Any, ...] = (
    True, 1.9, "1.9", "x", "", {}, [], -(10**6), 10**30, int("9" * 390), "9" * 5000, "\x00",
)  # fmt: skip
BAD: Mapping[str, tuple[Any, ...]] = {
    "number": (None, *NO_NUMBER),
    "text": (None, "", *NO_TEXT),
    "title": (None, *NO_TEXT),
    "name": ("a b", "../x", "é", "x" * 65, *NO_TEXT),
    "choice": (None, "", "nosuch", 5, *NO_TEXT),
    "flag": (None, "odd", 5, [], {}),
    "object": (
        None, True, 5, "x", [], nested(25), {"a": "\x00"}, {"a": "\ud800"}, {"\x00": 1},
        {"a": 2**63}, {"a": LONG}, {"a": [0] * 100_000},
    ),
    "objects": (True, 5, "x", {}, [5], ["x"], [None], [[]], [{}] * 1001, [{"a": "\x00"}]),
    "names": (None, True, "x", {}, [], [True], [None], ["a b"], ["a"] * 1001, [[]]),
    "reports": (
        None, True, "x", {}, [5], [None], [{}], [{"itemId": 1}], [{"itemId": True, "status": "ok"}],
        [{"itemId": -1, "status": "ok"}], [{"itemId": 2**63, "status": "ok"}],
        [{"itemId": 1, "status": "odd"}], [{"itemId": 1, "status": "failed"}],
        [{"itemId": 1, "status": "ok", "error": "x"}], [{"itemId": 1, "status": "ok"}] * 2,
        [{"itemId": 1, "status": "ok"}] * 501,
    ),
    "cursor": (None, "x", "W10=", "LTE=", "W3RydWVd", *NO_TEXT),
}  # fmt: skip

# Address ("{job}", "{claim}" are put in), a body that would do, and the kind of each field.
BODIES: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    ("batch-jobs", {"type": "drill"},
     {"type": "choice", "title": "title", "campaignId": "name", "externalId": "name",
      "params": "object", "items": "objects", "priority": "number"}),
    ("batch-jobs", {"type": "external"}, {"params": "object", "items": "objects"}),
    ("uploads", {"name": "a.csv", "sizeBytes": 5}, {"name": "text", "sizeBytes": "number"}),
    ("batch-jobs/bulk", {"action": "cancel", "ids": ["x"]}, {"action": "choice", "ids": "names"}),
    ("batch-jobs/bulk", {"action": "retry", "filter": {}},
     {"filter": "object", "cursor": "cursor"}),
    ("batch-jobs/{job}/priority", {"priority": 5}, {"priority": "number"}),
    ("batch-jobs/{job}/process-next", {}, {"result": "object", "error": "text"}),
    ("batch-jobs/{job}/claim", {}, {"limit": "number", "wait": "number"}),
    ("batch-jobs/{job}/claims/{claim}/results", {}, {"results": "reports", "release": "flag"}),
]  # fmt: skip
# Method, address, and the kind of each parameter of the query.
QUERIES: list[tuple[str, str, dict[str, str]]] = [
    ("get", "batch-jobs",
     {"status": "choice", "limit": "number", "cursor": "cursor", "stats": "flag",
      "search": "title", "campaign": "title", "type": "title"}),
    ("get", "batch-jobs/{job}/items", {"status": "choice", "limit": "number", "cursor": "cursor"}),
    ("post", "batch-jobs/{job}/retry", {"dryRun": "flag", "include": "choice"}),
]  # fmt: skip
# Addresses that name a job.
NAMED = [
    ("get", "batch-jobs/{job}"),
    ("get", "batch-jobs/{job}/status"),
    ("get", "batch-jobs/{job}/items"),
    ("post", "batch-jobs/{job}/cancel"),
    ("post", "batch-jobs/{job}/retry"),
    ("post", "batch-jobs/{job}/priority"),
    ("post", "batch-jobs/{job}/process-next"),
    ("post", "batch-jobs/{job}/claim"),
    ("post", "batch-jobs/{job}/claims/{claim}/heartbeat"),
    ("post", "batch-jobs/{job}/claims/{claim}/results"),
    ("post", "batch-jobs/{job}/enrich"),
    ("post", "batch-jobs/{job}/follow-ups/enrich"),
    ("get", "batches/{job}"),
    ("get", "batches/{job}/summary"),
]
WHOLE: list[bytes | str] = [
    "{", "[]", "null", "5", '"x"', "{'a': 1}", '{"a": NaN}', '{"a": Infinity}',
    '{"a": ' + "9" * 5000 + "}", "[" * 100_000, '{"a":' * 100_000, '{"a": 1}'.encode("utf-16"),
    b'{"a": "\xff"}', '{"nosuchfield": 1}', '{"\\ud800": 1}', '{"\\ud800": 1, "\\ud800": 2}',
]  # fmt: skip


@pytest.fixture
def at(client: Client, make: Make) -> dict[str, str]:
    """An external job of two items, one of which is held by a claim."""
    job = make("external", inline=[{}, {}])
    lease = lifecycle.take(job.pk, limit=1, worker="outside:x")
    assert lease is not None
    return {"job": job.pk, "claim": str(lease.token)}


def everything() -> list[Any]:
    """Return all that a route could change, but leases' heartbeats."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 'job', j::text FROM jobs_job j UNION ALL"
            " SELECT 'item', i::text FROM jobs_jobitem i UNION ALL"
            " SELECT 'event', e::text FROM jobs_jobevent e UNION ALL"
            " SELECT 'key', k::text FROM jobs_startkey k ORDER BY 1, 2"
        )
        return list(cursor.fetchall())


def sent(client: Client, path: str, body: Any, content_type: str = "application/json") -> Any:
    data = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post(f"/api/{path}", data, content_type=content_type)


def named_in(answer: Any) -> set[str]:
    errors: dict[str, Any] = answer.json().get("errors", {})
    return {key.partition(".")[0].partition("[")[0] for key in errors}


def is_allowed(kind: str, field: str, value: Any) -> bool:
    """Tell which of the bad values are good for one field after all."""
    return (field == "items" and value == {}) or (kind == "name" and value == "")


class TestFields:
    @pytest.mark.parametrize(("path", "good", "fields"), BODIES)
    def test_each_bad_value_is_refused_by_the_field_s_name(
        self, client: Client, at: dict[str, str], path: str, good: Any, fields: Any
    ) -> None:
        before = everything()
        wrong = [
            (field, str(value)[:60], answer.status_code, answer.content[:200])
            for field, value in values(fields)
            if (answer := sent(client, path.format(**at), {**good, field: value})).status_code
            != 400
            or field not in named_in(answer)
        ]

        assert wrong == []
        assert everything() == before

    @pytest.mark.parametrize(("path", "good", "fields"), BODIES)
    def test_what_a_route_cannot_do_without_is_asked_for(
        self, client: Client, at: dict[str, str], path: str, good: Any, fields: Any
    ) -> None:
        for field in good:
            rest = {name: value for name, value in good.items() if name != field}

            answer = sent(client, path.format(**at), rest)

            assert (answer.status_code, field in named_in(answer)) == (400, True)

    @pytest.mark.parametrize(("method", "path", "fields"), QUERIES)
    def test_each_bad_parameter_is_refused_by_its_name(
        self, client: Client, at: dict[str, str], method: str, path: str, fields: Any
    ) -> None:
        before = everything()
        wrong = []
        for field, value in values(fields):
            if not isinstance(value, str) or not value or "\x00" in value or "\ud800" in value:
                continue  # a query holds text only; what no address can hold, Django refuses
            query = urlencode({field: value[:3000]})
            answer = getattr(client, method)(f"/api/{path.format(**at)}?{query}")
            if answer.status_code != 400 or field not in named_in(answer):
                wrong.append((field, value[:60], answer.status_code))

        assert wrong == []
        assert everything() == before


def values(fields: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for field, kind in fields.items():
        for value in BAD[kind]:
            if not is_allowed(kind, field, value):
                yield field, value


class TestWholeBodies:
    @pytest.mark.parametrize("path", sorted({path for path, _, _ in BODIES}))
    def test_what_is_no_json_object_is_refused(
        self, client: Client, at: dict[str, str], path: str
    ) -> None:
        before = everything()
        refused = [sent(client, path.format(**at), body) for body in WHOLE]

        assert {answer.status_code for answer in refused} == {400}
        assert all(answer.json()["message"] for answer in refused)
        assert everything() == before

    @pytest.mark.parametrize("path", sorted({path for path, _, _ in BODIES}))
    def test_a_key_given_twice_is_refused_by_its_name(
        self, client: Client, at: dict[str, str], path: str
    ) -> None:
        answer = sent(client, path.format(**at), '{"type": "drill", "type": "external"}')

        assert (answer.status_code, named_in(answer)) == (400, {"type"})

    def test_other_kinds_of_bodies_and_charsets_are_refused(self, client: Client) -> None:
        answers = [
            sent(client, "batch-jobs", b"<a/>", "text/xml"),
            sent(client, "batch-jobs", b"\x00\x01", "application/octet-stream"),
            client.generic("POST", "/api/batch-jobs", b"{}", "application/json; charset=zlib"),
            client.generic("GET", "/api/batch-jobs", CONTENT_TYPE="text/plain; charset=rot13"),
            client.generic(
                "POST", "/api/batch-jobs", b"--x--", "multipart/form-data; boundary=x; charset=idna"
            ),
        ]

        assert [answer.status_code for answer in answers] == [415, 415, 400, 400, 400]

    def test_a_byte_order_mark_does_no_harm(self, client: Client) -> None:
        answer = sent(client, "batch-jobs", b'\xef\xbb\xbf{"type": "drill"}')

        assert answer.status_code == 201


class TestNames:
    @pytest.mark.parametrize(("method", "path"), NAMED)
    @pytest.mark.parametrize("job", ["nosuchjob", "a" * 65, "%ed%a0%80", "..%2f..", "a%0a", "é"])
    def test_a_job_that_is_not_there_is_not_found(
        self, client: Client, method: str, path: str, job: str
    ) -> None:
        address = path.format(job=job, claim="0" * 32)

        answer = getattr(client, method)(
            f"/api/{address}", data=None if method == "get" else '{"priority": 1}',
            **({} if method == "get" else {"content_type": "application/json"}),
        )  # fmt: skip

        wanted = (400,) if path.endswith(("process-next", "claim", "results")) else (404,)
        assert answer.status_code in (404, *wanted)
        assert answer.json()["message"]

    def test_words_of_the_api_are_no_external_ids(self, client: Client) -> None:
        for word in ("bulk", "export"):
            answer = sent(client, "batch-jobs", {"type": "drill", "externalId": word})

            assert (answer.status_code, named_in(answer)) == (400, {"externalId"})
        assert not Job.objects.exists()
