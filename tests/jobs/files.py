"""Types that take files, files good and bad, and what is left of them in the storage."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
from django.core.files.storage import FileSystemStorage, storages
from django.test import Client

from batchops.inputs import StrictSerializer
from jobs.lifecycle import WorkItem
from jobs.models import Job, StartKey, Upload, UploadPart
from jobs.reading import Columns, GivenFile, open_csv, open_xlsx, read_array, read_zip
from jobs.registry import FilesTaken, JobType, Result, register
from jobs.uploads import job_files

TABLE = b"meter;label\r\n4711;Hall 3\r\n4712;Hall 4\r\n"
READERS = {"csv": open_csv, "xlsx": open_xlsx}


class NoParams(StrictSerializer):
    pass


@register
class Meters(JobType):
    """Does the rows of tables with a column `meter`."""

    name = "meters"
    label = "Meters of files"
    params = NoParams
    takes_files = FilesTaken(kinds=("csv", "xlsx"), most=3, bytes_each=64 * 1024**2)

    def check_file(self, params: dict[str, Any], file: GivenFile) -> None:
        with file.open() as opened:
            table = READERS[file.kind](opened, name=file.name)
            table.require(Columns(["meter"], None))
            for _row in table.rows():
                pass

    def items(self, job: Job, start: int) -> Iterator[dict[str, Any]]:
        rows = (row for file in job_files(job) for row in self._rows(file))
        yield from (row for position, row in enumerate(rows) if position >= start)

    def run_item(self, job: Job, item: WorkItem) -> Result:
        return {"meter": (item.params or {})["meter"]}

    def _rows(self, file: GivenFile) -> Iterator[dict[str, Any]]:
        with file.open() as opened:
            table = READERS[file.kind](opened, name=file.name)
            for _line, cells in table.rows():
                yield dict(zip(table.header, cells, strict=True))


@register
class Bundles(Meters):
    """Takes what is no table: archives and JSON, which it reads to the end."""

    name = "bundles"
    label = "Bundles"
    takes_files = FilesTaken(kinds=("zip", "json"))

    def check_file(self, params: dict[str, Any], file: GivenFile) -> None:
        with file.open() as opened:
            if file.kind == "json":
                read_array(opened, name=file.name)
                return
            for entry in read_zip(opened, name=file.name):
                for _block in entry.blocks():
                    pass

    def items(self, job: Job, start: int) -> Iterator[dict[str, Any]]:
        yield from ({"meter": "1"} for _ in range(start, 1))


def stored() -> list[str]:
    """Return the names of all files in the storage of uploads."""
    storage = storages["uploads"]
    assert isinstance(storage, FileSystemStorage)
    folder = Path(storage.location)
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def announce(client: Client, content: bytes, name: str = "a.csv", **more: Any) -> Any:
    """Announce a file; return the answer."""
    body = {"name": name, "sizeBytes": len(content), **more}
    return client.post("/api/uploads", body, content_type="application/json")


def put(client: Client, upload_id: str, number: int, part: bytes) -> Any:
    """Send one part; return the answer."""
    address = f"/api/uploads/{upload_id}/{number}"
    return client.put(address, part, content_type="application/octet-stream")


def complete(client: Client, upload_id: str) -> Any:
    """Ask for the whole to be looked at; return the answer."""
    return client.post(f"/api/uploads/{upload_id}/complete")


def send(client: Client, content: bytes, name: str = "a.csv", **more: Any) -> Any:
    """Send a whole file in parts; return the last answer, or the first refusal."""
    answer = announce(client, content, name, **more)
    if answer.status_code != 201:
        return answer
    data = answer.json()["data"]
    size = data["partSize"]
    for number in range(1, data["parts"] + 1):
        answer = put(client, data["id"], number, content[(number - 1) * size : number * size])
        if answer.status_code != 200:
            return answer
    return complete(client, data["id"])


def start(client: Client, *ids: str, job_type: str = "meters", **more: Any) -> Any:
    """Start a job with files; return the answer."""
    body = {"type": job_type, "files": list(ids), **more}
    return client.post("/api/batch-jobs", body, content_type="application/json")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def zipped(*files: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    """Return an archive of files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return packed.getvalue()


def workbook(*rows: tuple[Any, ...]) -> bytes:
    """Return a workbook with a sheet of rows."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def nothing_is_left() -> bool:
    """Say whether neither jobs nor uploads nor files of them are there."""
    left = (Job.objects.count(), Upload.objects.count(), UploadPart.objects.count())
    return (*left, StartKey.objects.count(), stored()) == (0, 0, 0, 0, [])
