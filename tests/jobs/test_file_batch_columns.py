"""Declare columns, and hold cells to them."""

import csv
import io
from typing import Any

import pytest
from django.test import Client

from tests.jobs.batches import checked, result_of
from tests.jobs.files import nothing_is_left

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_large_parts")]

CELLS: list[tuple[dict[str, Any], str, str]] = [
    ({"required": True}, " ", "missing"),
    ({"min": "2"}, "a", "too_short"),
    ({"max": "2"}, "abc", "too_long"),
    ({"pattern": "[A-Z]{2}|x?"}, "A", "not_fitting"),
    # One that gave back what it took would be at it for years.
    ({"pattern": "a*a*a*a*a*a*"}, "a" * 3_000 + "b", "not_fitting"),
    ({"pattern": r"\d+"}, "\u09e7", "not_fitting"),
    *(({"type": "integer"}, cell, "not_integer") for cell in ("1,234", "1e3", "007", "+1", "1.0")),
    ({"type": "integer", "min": "-2"}, "-3", "too_small"),
    ({"type": "integer", "max": "9"}, "10", "too_large"),
    *(({"type": "decimal"}, cell, "not_decimal") for cell in ("1,5", "1e3", "NaN", ".5", "\u0661")),
    ({"type": "decimal", "max": "0.1"}, "0.11", "too_large"),
    *(({"type": "date"}, cell, "not_date") for cell in ("01/02/26", "20260101", "2026-02-30")),
    ({"type": "date", "max": "2026-01-01"}, "2026-01-02", "too_late"),
    ({"type": "datetime"}, "2026-01-01", "not_datetime"),
    ({"type": "datetime"}, "2026-01-01 10:00+99:00", "not_datetime"),
    ({"type": "datetime", "min": "2026-01-01 06:00"}, "2026-01-01T00:00:00+01:00", "too_early"),
    ({"type": "boolean"}, "yes", "not_boolean"),
    ({"type": "choice", "allowed": ["a", "b"]}, "A", "not_allowed"),
]  # fmt: skip
RIGHT: list[tuple[dict[str, Any], str]] = [
    ({}, "anything"),
    ({"required": False, "type": "integer"}, ""),
    ({"pattern": "[A-Z]{2}|x?"}, "x"),
    ({"pattern": r"[A-Z]+-\d{2,3}"}, "AB-12"),
    ({"type": "integer", "min": "-3", "max": "0"}, "-3"),
    ({"type": "decimal", "max": "0.10"}, "0.1"),
    ({"type": "date", "min": "2026-01-01"}, "2026-01-01"),
    ({"type": "datetime", "max": "2026-01-01 06:00"}, "2026-01-01T00:00:00Z"),
    ({"type": "boolean"}, "TRUE"),
    ({"type": "choice", "allowed": ["a", "b"]}, "b"),
]
REFUSED: list[tuple[Any, str, str]] = [
    (None, "", "required"),
    ([], "", "empty"),
    ("x", "", "list"),
    ([{"name": f"c{n}"} for n in range(201)], "", "200"),
    ([{"name": "a"}, {"name": "a"}], "[1].name", "Given twice"),
    ([{"name": "a", "unique": True}] * 3, "[1].name", "Given twice"),
    ([{"name": n, "unique": True} for n in "abc"], "", "At most 2"),
    ([{"name": ""}], "[0].name", "blank"),
    ([{"name": "a\x00"}], "", "NUL"),
    ([{"nam": "a"}], "[0].nam", "Unknown field"),
    ([{"name": "a", "type": "money"}], "[0].type", "datetime"),
    ([{"name": "a", "type": "integer", "min": "x"}], "[0].min", "whole number"),
    ([{"name": "a", "min": "-1"}], "[0].min", "number of characters"),
    ([{"name": "a", "type": "date", "max": "1/2/26"}], "[0].max", "2026-11-22"),
    ([{"name": "a", "type": "integer", "min": "2", "max": "1"}], "[0].max", "less than the least"),
    ([{"name": "a", "type": "boolean", "min": "1"}], "[0].min", "Leave it out"),
    ([{"name": "a", "type": "choice"}], "[0].allowed", "which values"),
    ([{"name": "a", "allowed": ["x"]}], "[0].allowed", "type choice"),
    ([{"name": "a", "type": "date", "pattern": "x"}], "[0].pattern", "Only text"),
    *(
        ([{"name": "a", "pattern": pattern}], "[0].pattern", said)
        for pattern, said in [
            ("(a+)+$", "Character 1"),
            ("[a-z]*x", "needs"),
            ("a?b?a", "needs"),
            (r"\1", "Character 1"),
            ("^a", "Character 1"),
            ("[z-a]", "no class"),
            ("a{3,2}", "greater number"),
            ("a" * 201, "200 characters"),
        ]
    ),
]


class TestACell:
    def test_is_held_to_the_column(self, client: Client) -> None:
        cases = [*CELLS, *((column, cell, "") for column, cell in RIGHT)]
        columns = [{"name": f"c{n}", **column} for n, (column, _, _) in enumerate(cases)]
        given = io.StringIO()
        csv.writer(given).writerows([[c["name"] for c in columns], [cell for _, cell, _ in cases]])

        job = checked(client, ("a.csv", given.getvalue().encode()), columns=columns)

        kinds = [kind for _, _, kind in cases if kind]
        assert result_of(job)["errors"] == len(kinds)
        first = {one["column"]: one["kind"] for one in result_of(job)["first"]}
        assert first == {f"c{n}": kinds[n] for n in range(20)}
        assert result_of(job)["kinds"] == {kind: kinds.count(kind) for kind in kinds}

    def test_that_is_empty_doubles_no_other(self, client: Client) -> None:
        columns = [{"name": "a", "unique": True}, {"name": "b"}]

        job = checked(client, ("a.csv", b"a,b\n,1\n,1\nx,1\nx,1\n"), columns=columns)

        assert result_of(job)["kinds"] == {"duplicate": 1}


class TestColumns:
    def test_that_nobody_could_mean_are_refused_by_their_place(self, client: Client) -> None:
        for columns, place, said in REFUSED:
            params = {} if columns is None else {"columns": columns}
            body = {"type": "file_batch", "params": params}

            answer = client.post("/api/batch-jobs", body, content_type="application/json")

            assert answer.status_code == 400, columns
            found = answer.json()["errors"]
            assert any(
                said in sentences[0] for name, sentences in found.items() if name.endswith(place)
            ), (columns, found)
        assert nothing_is_left()
