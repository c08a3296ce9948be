"""Send files as careless and hostile people do: a 4xx that names field and limit, and no trace.

Whatever is sent: no job, no upload, no part and no file is there afterwards.
"""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from jobs import uploads
from jobs.models import Upload
from jobs.registry import FilesTaken
from tests.jobs.files import (
    Meters,
    announce,
    complete,
    nothing_is_left,
    put,
    send,
    start,
    stored,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("uploading")]

GOOD = b"meter;label\r\n1;a\r\n"
PART = 16


class TestAnnouncement:
    @pytest.mark.parametrize(
        ("body", "status", "field"),
        [
            ({"sizeBytes": 0}, 400, "sizeBytes"),
            ({"sizeBytes": -1}, 400, "sizeBytes"),
            ({"sizeBytes": 2 * 1024**3 + 1}, 413, "sizeBytes"),
            ({"sizeBytes": 2**63}, 400, "sizeBytes"),
            ({"sizeBytes": "many"}, 400, "sizeBytes"),
            ({"sizeBytes": None}, 400, "sizeBytes"),
            ({"name": ""}, 400, "name"),
            ({"name": "x" * 300}, 400, "name"),
            ({"name": "a\x00b"}, 400, "name"),
            ({"name": "\ud800"}, 400, "name"),
            ({"name": None}, 400, "name"),
            ({"sha256": "x" * 64}, 400, "sha256"),
            ({"sha256": "0" * 63}, 400, "sha256"),
            ({"path": "/etc"}, 400, "path"),
        ],
    )
    def test_is_refused(
        self, client: Client, body: dict[str, Any], status: int, field: str
    ) -> None:
        sent = json.dumps({"name": "a.csv", "sizeBytes": 5, **body})

        answer = client.post("/api/uploads", sent, content_type="application/json")

        assert answer.status_code == status, answer.content
        assert field in answer.json()["errors"]
        assert nothing_is_left()

    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            ("../../etc/passwd", ".._.._etc_passwd"),
            ("..\\..\\x.csv", "_.._x.csv"),
            ("CON", "_CON"),
            ("a\r\nb.csv", "a_b.csv"),
            ("<script>.csv", "_script_.csv"),
        ],
    )
    def test_with_a_name_that_is_a_path_makes_no_path(
        self, client: Client, name: str, shown: str
    ) -> None:
        done = send(client, GOOD, name).json()["data"]

        assert done["name"].strip(".") == shown.strip(".")
        assert all(len(one) == 32 and one.isalnum() for one in stored())

    def test_over_the_quota_is_refused(self, client: Client, settings: Any) -> None:
        settings.UPLOAD_UNUSED_BYTES = 30
        first = send(client, GOOD).json()["data"]["id"]

        refused = announce(client, GOOD)
        assert (refused.status_code, refused.json()["error"]) == (409, "over_quota")
        assert "30 bytes are the limit" in refused.json()["errors"]["sizeBytes"][0]
        start(client, first)

        assert announce(client, GOOD).status_code == 201

    def test_of_too_many_files_is_refused(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("jobs.lifecycle.uploads.UNUSED_FILES", 1)
        announce(client, GOOD)

        assert announce(client, GOOD).json()["limit"] == 1

    def test_on_a_full_disk_is_refused(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(uploads, "_free_bytes", lambda: 5)

        answer = announce(client, GOOD)

        assert (answer.status_code, answer.json()["error"]) == (507, "no_room")
        assert nothing_is_left()

    def test_reckons_with_what_others_announced(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(uploads, "_free_bytes", lambda: 2 * len(GOOD) - 1)

        assert [announce(client, GOOD).status_code for _ in range(2)] == [201, 507]


class TestPart:
    @pytest.mark.parametrize(
        ("number", "part", "field"),
        [
            (0, b"x" * PART, "n"),
            (3, b"x" * PART, "n"),
            (10**17, b"x" * PART, "n"),
            (1, b"", "part"),
            (1, b"x" * (PART - 1), "part"),
            (1, b"x" * (PART + 1), "part"),
            (1, b"x" * 1_000_000, "part"),
            (2, b"x" * PART, "part"),
        ],
    )
    def test_that_does_not_fit_is_refused(
        self, client: Client, number: int, part: bytes, field: str
    ) -> None:
        upload_id = announce(client, GOOD).json()["data"]["id"]

        answer = put(client, upload_id, number, part)

        assert answer.status_code == 400, answer.content
        assert field in answer.json()["errors"]
        assert stored() == []

    def test_after_completion_is_refused(self, client: Client) -> None:
        upload_id = send(client, GOOD).json()["data"]["id"]

        answer = put(client, upload_id, 1, b"x" * PART)

        assert (answer.status_code, answer.json()["status"]) == (409, "complete")
        assert len(stored()) == 2

    @pytest.mark.parametrize("error", [OSError(28, "No space left on device"), OSError(5, "I/O")])
    def test_that_cannot_be_stored_leaves_nothing(
        self, client: Client, monkeypatch: pytest.MonkeyPatch, error: OSError
    ) -> None:
        upload_id = announce(client, GOOD).json()["data"]["id"]
        storage = uploads._storage()
        save = storage.save

        def fail_halfway(name: str, content: Any) -> str:
            save(name, SimpleUploadedFile(name, b"half"))
            raise error

        monkeypatch.setattr(storage, "save", fail_halfway)
        answer = put(client, upload_id, 1, GOOD[:PART])

        assert answer.status_code == (507 if error.errno == 28 else 503)
        assert (stored(), Upload.objects.get().state) == ([], "receiving")


class TestCompletion:
    def test_of_a_file_cut_off_midway_names_the_missing_parts(self, client: Client) -> None:
        upload_id = announce(client, GOOD).json()["data"]["id"]
        put(client, upload_id, 2, GOOD[PART:])

        answer = complete(client, upload_id)

        assert (answer.status_code, answer.json()["missing"]) == (409, [1])
        assert start(client, upload_id).status_code == 400

    def test_of_2_gb_of_which_only_a_part_came_is_refused(
        self, client: Client, settings: Any
    ) -> None:
        settings.UPLOAD_PART_BYTES = 8 * 1024**2
        body = {"name": "a.csv", "sizeBytes": 2 * 1024**3}
        begun = client.post("/api/uploads", body, content_type="application/json").json()["data"]

        assert put(client, begun["id"], 1, GOOD).status_code == 400
        answer = complete(client, begun["id"])

        assert answer.status_code == 409
        assert "256 parts: 1, 2, 3" in answer.json()["errors"]["parts"][0]
        assert client.delete(f"/api/uploads/{begun['id']}").status_code == 204
        assert nothing_is_left()

    def test_with_another_hash_is_refused(self, client: Client) -> None:
        answer = send(client, GOOD, sha256="0" * 64)

        assert answer.status_code == 400
        assert "changed on its way" in answer.json()["errors"]["sha256"][0]
        assert nothing_is_left()

    def test_of_a_file_whose_part_was_lost_is_refused(self, client: Client) -> None:
        upload_id = announce(client, GOOD).json()["data"]["id"]
        for number in (1, 2):
            put(client, upload_id, number, GOOD[(number - 1) * PART : number * PART])
        uploads._storage().delete(stored()[0])

        answer = complete(client, upload_id)

        assert answer.status_code == 409
        assert "Send the file again" in answer.json()["message"]
        assert nothing_is_left()


class TestStart:
    @pytest.mark.parametrize(
        ("files", "field"),
        [
            (["x"], "files[0]"),
            (["../../etc/passwd"], "files[0]"),
            (["\x00"], "files[0]"),
            ([5, {}], "files[1]"),
            ("x", "files"),
            ({}, "files"),
            ([], "files"),
            (["a" * 16] * 4, "files"),
            (["a" * 16] * 101, "files"),
            (["a" * 16, "a" * 16], "files[1]"),
        ],
    )
    def test_with_what_is_no_upload_is_refused(
        self, client: Client, files: Any, field: str
    ) -> None:
        body = json.dumps({"type": "meters", "files": files})

        answer = client.post("/api/batch-jobs", body, content_type="application/json")

        assert answer.status_code == 400, answer.content
        assert field in answer.json()["errors"]
        assert nothing_is_left()

    def test_with_the_same_file_twice_is_refused(self, client: Client) -> None:
        upload_id = send(client, GOOD).json()["data"]["id"]

        answer = start(client, upload_id, upload_id)

        assert "Given twice" in answer.json()["errors"]["files[1]"][0]

    def test_with_an_unfinished_file_is_refused(self, client: Client) -> None:
        upload_id = announce(client, GOOD).json()["data"]["id"]

        answer = start(client, upload_id)

        assert "not complete" in answer.json()["errors"]["files[0]"][0]

    def test_of_a_type_without_files_is_refused(self, client: Client) -> None:
        upload_id = send(client, GOOD).json()["data"]["id"]

        answer = start(client, upload_id, job_type="drill")

        assert "takes no files" in answer.json()["errors"]["files"][0]

    def test_with_too_large_a_file_is_refused(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Meters, "takes_files", FilesTaken(kinds=("csv",), bytes_each=5))
        upload_id = send(client, GOOD).json()["data"]["id"]

        answer = start(client, upload_id)

        assert "5 is the limit" in answer.json()["errors"]["files[0]"][0]
