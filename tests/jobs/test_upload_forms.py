"""Bring files with the request that starts a job: by the API's form, and by the page's."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from jobs import uploads
from jobs.models import Job, Upload
from jobs.runner import run_slice
from tests.jobs.files import TABLE, nothing_is_left, stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("uploading")]


class TestForm:
    def test_brings_small_files_with_the_request(self, client: Client) -> None:
        answer = client.post(
            "/api/batch-jobs",
            {"type": "meters", "params": "{}", "files": [file_of(TABLE), file_of(TABLE, "b.csv")]},
        )

        assert answer.status_code == 201, answer.content
        run_slice()
        assert Job.objects.get().succeeded == 4

    def test_with_too_many_files_is_refused_by_their_limit(self, client: Client) -> None:
        files = [file_of(TABLE) for _ in range(101)]

        answer = client.post("/api/batch-jobs", {"type": "meters", "files": files})

        assert answer.status_code == 400
        assert "more than 100 files" in answer.json()["message"]
        assert nothing_is_left()

    def test_sent_twice_with_a_key_makes_one_job(self, client: Client) -> None:
        def begin(content: bytes) -> Any:
            body = {"type": "meters", "files": file_of(content)}
            return client.post("/api/batch-jobs", body, headers={"Idempotency-Key": "a"})

        first, second, third = begin(TABLE), begin(TABLE), begin(b"meter\n1\n")

        assert first.json()["data"]["id"] == second.json()["data"]["id"]
        assert third.status_code == 422
        assert (Upload.objects.count(), len(stored())) == (1, 3)

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"type": "drill", "files": "file"}, "files"),
            ({"type": "meters", "other": "file"}, "other"),
            ({"type": "meters", "params": "{", "files": "file"}, "params"),
            ({"type": "meters", "params": '{"a": 1, "a": 2}', "files": "file"}, "a"),
            ({"type": "meters", "params": '{"a": 1}', "files": "file"}, "params.a"),
            ({"type": ["meters", "meters"], "files": "file"}, "type"),
            ({"type": "meters", "files": "bad file"}, "files[0]"),
            ({"type": "meters"}, "files"),
            ({"type": "meters", "files": "text"}, "files[0]"),
        ],
    )
    def test_that_is_refused_leaves_nothing(
        self, client: Client, body: dict[str, Any], field: str
    ) -> None:
        files = {"file": file_of(TABLE), "bad file": file_of(b"label\n1\n")}
        sent = {
            name: files.get(value, value) if isinstance(value, str) else value
            for name, value in body.items()
        }

        answer = client.post("/api/batch-jobs", sent)

        assert answer.status_code == 400, answer.content
        assert field in answer.json()["errors"]
        assert nothing_is_left()

    def test_starts_a_job_without_javascript(self, client: Client) -> None:
        page = client.get("/admin/jobs/new/meters/").content.decode()
        assert 'enctype="multipart/form-data"' in page

        answer = client.post("/admin/jobs/new/meters/", {**form(page), "files": file_of(TABLE)})

        assert answer.status_code == 302, answer.content.decode()
        assert uploads.job_files(Job.objects.get())[0].name == "a.csv"

    def test_names_what_was_sent_before_it(self, client: Client, sent: str) -> None:
        page = client.get("/admin/jobs/new/meters/").content.decode()

        refused = client.post(
            "/admin/jobs/new/meters/", {**form(page), "uploads": sent, "priority": 1000}
        )
        assert f'name="uploads" value="{sent}"' in refused.content.decode()
        answer = client.post("/admin/jobs/new/meters/", {**form(page), "uploads": sent})

        assert answer.status_code == 302
        assert Upload.objects.get().job == Job.objects.get()

    def test_says_beside_the_field_what_is_wrong_with_a_file(self, client: Client) -> None:
        page = client.get("/admin/jobs/new/meters/").content.decode()

        bad = file_of(b"meter;label\n1;2\n3\n")
        answer = client.post("/admin/jobs/new/meters/", {**form(page), "files": bad})

        assert answer.status_code == 400
        assert "row 3 has 1" in answer.content.decode()
        assert nothing_is_left()


def file_of(content: bytes, name: str = "a.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def form(page: str) -> dict[str, Any]:
    key = page.split('name="key" value="')[1].split('"')[0]
    return {"key": key, "priority": 0}
