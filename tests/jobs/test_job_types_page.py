"""Do what docs/job-types.md says, with the very text that stands there."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from jobs import registry
from jobs.models import Job, JobItem, RunSummary
from jobs.runner import run_slice

pytestmark = pytest.mark.django_db

PAGE = (Path(__file__).resolve().parents[2] / "docs/job-types.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def checksum() -> Iterator[None]:
    """Register the page's type as importing its file would."""
    code = "\n".join(blocks("python"))
    exec(compile(code, "jobs/types/checksum.py", "exec"), {"__name__": "jobs.types.checksum"})
    yield
    for name in ("checksum", "checksum_file"):
        del registry._types[name]


def start(client: Client, body: dict[str, Any]) -> Job:
    answer = client.post("/api/batch-jobs", body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    run_slice()
    return Job.objects.get(pk=answer.json()["data"]["id"])


class TestThePage:
    def test_leads_to_a_job_that_is_done(self, client: Client, checksum: None) -> None:
        made_by_type, _ = [json.loads(block) for block in blocks("json")]

        job = start(client, made_by_type)

        assert job.state == "completed"
        found = JobItem.objects.order_by("position").values_list("params__label", "result")
        assert list(found) == [
            ("Meter 100", {"checkDigit": 8}),
            ("Meter 101", {"checkDigit": 6}),
            ("Meter 102", {"checkDigit": 4}),
        ]
        assert RunSummary.objects.get(job=job).details == {"firstMeter": 100}

    def test_leads_to_items_that_come_with_the_request(
        self, client: Client, checksum: None
    ) -> None:
        _, brought = [json.loads(block) for block in blocks("json")]

        job = start(client, brought)

        assert job.state == "completed_with_errors"
        refused = JobItem.objects.get(position=1)
        assert (refused.attempts, "is no number" in refused.error) == (1, True)

    @pytest.mark.usefixtures("uploading")
    def test_leads_to_a_job_with_a_file(self, client: Client, checksum: None) -> None:
        def send(table: bytes) -> Any:
            body = {"type": "checksum_file", "files": SimpleUploadedFile("meters.csv", table)}
            return client.post("/api/batch-jobs", body)

        refused, answer = send(b"metre\n100\n"), send(b"meter;label\r\n100;Meter 100\r\n")
        run_slice()

        assert "Missing: meter" in refused.json()["errors"]["files[0]"][0]
        assert answer.status_code == 201, answer.content
        assert JobItem.objects.get().result == {"checkDigit": 8}
        assert RunSummary.objects.get().details == {"files": ["meters.csv"]}

    def test_leads_to_a_form_of_its_own(self, client: Client, checksum: None) -> None:
        page = client.get("/admin/jobs/new/checksum/").content.decode()

        assert "First meter" in page
        assert "Works out the check digit" in page

    def test_names_every_part_that_a_type_may_have(self) -> None:
        own = {name for name in vars(registry.JobType) if not name.startswith("_")}

        assert {
            name for name in own if f"`{name}" not in PAGE and f"    {name}" not in PAGE
        } == set()
