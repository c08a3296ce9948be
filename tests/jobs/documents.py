"""Start jobs of documents, and read what came of them."""

import base64
import csv
import io
import re
import zipfile
import zlib
from typing import Any

from django.test import Client

from jobs.models import Job, JobItem
from jobs.runner import run_slice
from tests.jobs.test_exports import body_of

LETTER = "# Dear {name}\n\nYour account *{account}* stands at **{amount?}** taka."
TABLE = b"name,account,amount\r\nAda,4711,12.50\r\nGrace,4712,\r\nJoan,4713,7\r\n"
STREAM = re.compile(rb"stream\r?\n(.*?)~>endstream", re.DOTALL)
SHOWN = re.compile(rb"\((.*?)(?<!\\)\) Tj", re.DOTALL)


def begin(client: Client, **more: Any) -> Any:
    """Start a job of documents; return the answer."""
    body: dict[str, Any] = {"type": "document", "params": {"template": LETTER}, **more}
    return client.post("/api/batch-jobs", body, content_type="application/json")


def do(answer: Any) -> Job:
    """Do the job that an answer tells of."""
    assert answer.status_code == 201, answer.content
    run_slice()
    return Job.objects.get(pk=answer.json()["data"]["id"])


def of_one(client: Client, template: str, **values: Any) -> Job:
    """Make one document of a template."""
    return do(begin(client, params={"template": template}, items=[values]))


def result_of(item: JobItem) -> dict[str, Any]:
    """Return what is kept of an item that succeeded."""
    assert isinstance(item.result, dict)
    return item.result


def archive_of(client: Client, job: Job) -> zipfile.ZipFile:
    """Return the ZIP of a job."""
    response = client.get(f"/api/batch-jobs/{job.pk}/download")
    assert response.status_code == 200, body_of(response)
    return zipfile.ZipFile(io.BytesIO(body_of(response)))


def listed(archive: zipfile.ZipFile, name: str = "recipients.csv") -> list[dict[str, str]]:
    """Return the rows of a table in a ZIP."""
    return list(csv.DictReader(io.StringIO(archive.read(name).decode())))


def strokes_in(content: bytes) -> list[bytes]:
    """Return the stretches of text that a PDF draws, each as it stands there."""
    assert content.startswith(b"%PDF-")
    pages = [zlib.decompress(base64.a85decode(packed)) for packed in STREAM.findall(content)]
    return [one for page in pages for one in SHOWN.findall(page)]


def text_in(content: bytes) -> str:
    """Return what stands on the pages of a PDF that is drawn in Helvetica, without any space."""
    shown = b"".join(strokes_in(content))
    text = re.sub(rb"\\(\d{3})", lambda found: bytes([int(found[1], 8)]), shown).decode("cp1252")
    # PDF has the bullet at each code that is not used, and reportlab takes this one.
    return "".join(re.sub(r"\\(.)", r"\1", text).replace("\x7f", "\u2022").split())
