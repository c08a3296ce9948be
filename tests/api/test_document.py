"""The API's document: whole, valid, and of the routes that there are."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver

from batchops.errors import BatchOpsError
from tests.api.document import document, operations

# The document and its pages are not among what they describe.
ABOUT_ITSELF = {"api-schema", "api-docs"}
PARAMETER = re.compile(r"\(\?P<(\w+)>[^()]*\)")


def api_routes() -> list[tuple[str, str, Any]]:
    """Return address, name and view of every route under /api/, as the URL conf has them."""
    return [
        (path, pattern.name or "", pattern.callback)
        for path, pattern in walk(get_resolver().url_patterns, "/")
        if path.startswith("/api/") and pattern.name not in ABOUT_ITSELF
    ]


def walk(patterns: list[Any], prefix: str) -> list[tuple[str, URLPattern]]:
    found: list[tuple[str, URLPattern]] = []
    for each in patterns:
        address = prefix + PARAMETER.sub(r"{\1}", str(each.pattern).lstrip("^")).removesuffix("/?$")
        if isinstance(each, URLResolver):
            found += walk(each.url_patterns, address)
        else:
            found.append((address, each))
    return found


def methods_of(view: Any) -> set[str]:
    return {
        method.upper()
        for method in view.cls.http_method_names
        if method not in ("head", "options") and hasattr(view.cls, method)
    }


def described() -> set[tuple[str, str]]:
    return {(method, path) for method, path, _ in operations()}


class TestTheDocument:
    def test_is_made_without_a_complaint_and_is_valid(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        call_command("spectacular", "--validate", "--fail-on-warn")

        told = capsys.readouterr()
        assert told.out.startswith("openapi: 3.")
        assert told.err == ""

    def test_has_every_route_and_method_once_and_no_other(self) -> None:
        there = {(m, path) for path, _, view in api_routes() for m in methods_of(view)}

        assert described() == there
        assert len(there) >= 38

    def test_names_no_address_twice_with_and_without_a_slash(self) -> None:
        assert [path for path in document()["paths"] if path.endswith("/")] == []

    def test_names_every_operation_once(self) -> None:
        names = Counter(found["operationId"] for _, _, found in operations())

        assert [name for name, times in names.items() if times > 1] == []
        assert [name for name in names if not re.fullmatch(r"[a-z0-9_]+", name)] == []

    def test_says_of_each_tag_what_it_is_about(self) -> None:
        used = {tag for _, _, found in operations() for tag in found["tags"]}

        assert {tag["name"] for tag in document()["tags"] if tag["description"]} == used

    @pytest.mark.parametrize(
        ("method", "path", "found"), operations(), ids=lambda v: v if isinstance(v, str) else ""
    )
    def test_says_of_each_operation_what_it_does_needs_and_answers(
        self, method: str, path: str, found: dict[str, Any]
    ) -> None:
        asked_for = {"400", "401", "403", "429", "503"}
        asked_for |= {"404"} if "{" in path else set()
        asked_for |= {"413", "415"} if method == "POST" else set()

        assert found["summary"]
        assert "Asks for the permission `" in found["description"]
        assert asked_for <= found["responses"].keys()
        assert any(code.startswith("2") for code in found["responses"])
        for code, answer in found["responses"].items():
            assert answer["description"], code
            if code in ("202", "429", "503"):
                assert "Retry-After" in answer["headers"]

    def test_has_a_schema_for_every_json_answer(self) -> None:
        loose = [
            (method, path, code)
            for method, path, found in operations()
            for code, answer in found["responses"].items()
            if "application/json" in answer.get("content", {})
            and not answer["content"]["application/json"]["schema"]
        ]

        assert loose == []

    def test_files_come_in_their_own_media_types(self) -> None:
        def media(path: str) -> set[str]:
            return set(document()["paths"][path]["get"]["responses"]["200"]["content"])

        xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        assert media("/api/batch-jobs/export") == {"text/csv", xlsx, "application/pdf"}
        assert media("/api/batch-jobs/{name}/items/export") == {"text/csv", xlsx, "application/pdf"}
        assert media("/api/batch-jobs/{name}/download") == {"application/zip"}


class TestWordsOfErrors:
    def test_a_route_lists_those_it_answers_and_what_helps(self) -> None:
        told = document()["paths"]["/api/batch-jobs"]["post"]["responses"]["409"]
        extra = told["content"]["application/json"]["schema"]["allOf"][1]["properties"]

        assert extra["error"]["enum"] == [
            "already_running",
            "duplicate_external_id",
            "over_quota",
        ]
        assert extra["running"]["allOf"] == [{"$ref": "#/components/schemas/Holder"}]

    def test_each_stands_in_the_document_or_belongs_to_no_route(self) -> None:
        listed = set(
            re.findall(r"'error': \{'type': 'string', 'enum': \[([^]]*)\]", str(document()))
        )
        known = {word.strip("' ") for words in listed for word in words.split(",")}

        assert {error.code for error in errors_of_jobs_and_alerts()} - known == set()


def errors_of_jobs_and_alerts() -> set[type[BatchOpsError]]:
    """Return the typed errors of both but those that only pages and workers meet."""
    import alerts.errors
    import jobs.errors

    elsewhere = {"channel_not_found", "delivery_not_found", "delivery_not_waiting", "not_delivered"}
    elsewhere |= {"silence_not_found", "silence_over", "bulletin_not_found", "bulletin_not_mailed"}
    return {
        error
        for module in (alerts.errors, jobs.errors)
        for error in vars(module).values()
        if isinstance(error, type)
        and issubclass(error, BatchOpsError)
        and error.__module__ == module.__name__
        and error.code not in elsewhere
    }
