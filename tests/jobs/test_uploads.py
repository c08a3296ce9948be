"""Send files in parts, start jobs with them, and see that nothing of them stays behind."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from jobs import lifecycle, states, uploads
from jobs.lifecycle.uploads import WRITING_LIMIT
from jobs.models import Job, JobItem, Upload, UploadPart
from jobs.runner import run_slice
from jobs.sweep import sweep
from tests.embedded import ROOT, address_of
from tests.jobs.files import (
    TABLE,
    announce,
    complete,
    nothing_is_left,
    put,
    send,
    sha256,
    start,
    stored,
    workbook,
)
from tests.people import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("uploading")]


def later(**changes: timedelta) -> None:
    """Let time pass for all uploads."""
    for name, by in changes.items():
        Upload.objects.update(**{name: timezone.now() - by})


class TestParts:
    def test_make_one_file_in_any_order(self, client: Client) -> None:
        content = bytes(range(65, 65 + 40)) + b"\n"
        begun = announce(client, content).json()["data"]
        assert (begun["partSize"], begun["parts"], begun["received"]) == (16, 3, [])

        for number in (3, 1, 2):
            put(client, begun["id"], number, content[(number - 1) * 16 : number * 16])
        done = complete(client, begun["id"]).json()["data"]

        assert (done["status"], done["sha256"]) == ("complete", sha256(content))
        owner = Upload.objects.get(pk=done["id"]).owner
        assert owner is not None
        (given,) = uploads.given_files([done["id"]], owner=owner).values()
        with given.open() as file:
            assert file.read() == content
            file.seek(14)
            assert file.read(4) == content[14:18]

    def test_are_named_to_who_comes_back(self, client: Client) -> None:
        begun = announce(client, TABLE).json()["data"]
        put(client, begun["id"], 2, TABLE[16:32])

        found = client.get(f"/api/uploads/{begun['id']}").json()["data"]

        assert (found["received"], found["status"]) == ([2], "receiving")

    def test_sent_again_take_the_place_of_the_first(self, client: Client) -> None:
        begun = announce(client, TABLE).json()["data"]
        for part in (b"x" * 16, TABLE[:16], TABLE[:16]):
            assert put(client, begun["id"], 1, part).json()["data"]["received"] == [1]
        put(client, begun["id"], 2, TABLE[16:32])
        put(client, begun["id"], 3, TABLE[32:])

        done = complete(client, begun["id"]).json()["data"]

        assert done["sha256"] == sha256(TABLE)
        assert len(stored()) == 3

    def test_sent_by_two_at_once_are_kept_once(self, client: Client) -> None:
        begun = announce(client, TABLE).json()["data"]
        others = [client_like(client) for _ in range(4)]

        def send_part(other: Client) -> None:
            try:
                for _ in range(5):
                    put(other, begun["id"], 1, TABLE[:16])
            finally:
                connection.close()

        threads = [Thread(target=send_part, args=[other]) for other in others]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert UploadPart.objects.count() == len(stored()) == 1

    def test_may_be_completed_twice(self, client: Client, sent: str) -> None:
        again = complete(client, sent)

        assert (again.status_code, again.json()["data"]["status"]) == (200, "complete")

    def test_checked_by_one_who_died_are_checked_by_the_next(self, client: Client) -> None:
        begun = announce(client, TABLE).json()["data"]
        for number in (1, 2, 3):
            put(client, begun["id"], number, TABLE[(number - 1) * 16 : number * 16])
        lifecycle.begin_check(begun["id"])

        assert put(client, begun["id"], 1, TABLE[:16]).status_code == 409
        assert complete(client, begun["id"]).json()["data"]["status"] == "complete"


class TestOwner:
    @pytest.mark.parametrize("method", ["get", "delete", "put", "complete"])
    def test_is_the_only_one_who_finds_it(self, client: Client, sent: str, method: str) -> None:
        other = client_of("Operator", "starter")

        answer = {
            "get": lambda: other.get(f"/api/uploads/{sent}"),
            "delete": lambda: other.delete(f"/api/uploads/{sent}"),
            "put": lambda: put(other, sent, 1, TABLE[:16]),
            "complete": lambda: complete(other, sent),
        }[method]()

        assert (answer.status_code, answer.json()["error"]) == (404, "upload_not_found")
        assert Upload.objects.get().state == states.UPLOADED

    def test_is_the_only_one_who_starts_a_job_with_it(self, client: Client, sent: str) -> None:
        answer = start(client_of("Operator", "starter"), sent)

        assert answer.status_code == 400
        assert "no such upload" in answer.json()["errors"]["files[0]"][0]


class TestJob:
    def test_reads_the_files_it_was_started_with(
        self, client: Client, sent: str, settings: Any
    ) -> None:
        settings.UPLOAD_PART_BYTES = 2048
        book = workbook(("meter", "label"), (4713, "=1+1"), (None, None), ("0815", "Hall 5"))
        second = send(client, book, "b.xlsx").json()["data"]
        assert second["kind"] == "xlsx"

        answer = start(client, sent, second["id"])
        assert answer.status_code == 201, answer.content
        run_slice()

        job = Job.objects.get()
        items = JobItem.objects.order_by("position").values_list("params__meter", "params__label")
        assert job.state == "completed"
        assert list(items) == [
            ("4711", "Hall 3"), ("4712", "Hall 4"), ("4713", "=1+1"), ("0815", "Hall 5")
        ]  # fmt: skip
        assert client.get(f"/api/uploads/{sent}").json()["data"]["jobId"] == job.pk

    def test_keeps_its_files_from_deletion_and_from_other_jobs(
        self, client: Client, sent: str
    ) -> None:
        start(client, sent)

        assert client.delete(f"/api/uploads/{sent}").status_code == 409
        again = start(client, sent)
        assert "Another job has" in again.json()["errors"]["files[0]"][0]
        assert Job.objects.count() == 1

    def test_of_two_at_once_gets_the_file(self, client: Client, sent: str) -> None:
        clients = [client_like(client) for _ in range(3)]
        statuses: list[int] = []

        def begin(other: Client) -> None:
            try:
                statuses.append(start(other, sent).status_code)
            finally:
                connection.close()

        threads = [Thread(target=begin, args=[other]) for other in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(statuses) == [201, 400, 400]
        assert Job.objects.count() == 1

    def test_is_one_for_one_key(self, client: Client, sent: str) -> None:
        def begin() -> Any:
            body = {"type": "meters", "files": [sent]}
            headers = {"Idempotency-Key": "a"}
            return client.post(
                "/api/batch-jobs", body, content_type="application/json", headers=headers
            )

        assert begin().json()["data"]["id"] == begin().json()["data"]["id"]

    def test_loses_its_files_with_its_items(self, client: Client, sent: str) -> None:
        start(client, sent)
        run_slice()
        lifecycle.expire_items(before=timezone.now() + timedelta(days=1), of="meters")

        sweep()

        assert (stored(), Upload.objects.count()) == ([], 0)
        assert uploads.job_files(Job.objects.get()) == []


class TestTime:
    def test_removes_what_was_not_finished_or_not_used(self, client: Client, sent: str) -> None:
        unfinished = announce(client, TABLE).json()["data"]["id"]
        put(client, unfinished, 1, TABLE[:16])
        sweep()
        assert len(stored()) == 4

        later(expires_at=timedelta(seconds=1))
        sweep()

        assert nothing_is_left()
        assert client.get(f"/api/uploads/{sent}").status_code == 404

    def test_removes_what_a_killed_writer_left(self, client: Client, tmp_path: Path) -> None:
        begun = announce(client, TABLE).json()["data"]["id"]
        kill_while_writing(begun, tmp_path / "uploads")
        assert (len(stored()), UploadPart.objects.get().state) == (1, states.PART_WRITING)

        sweep()
        assert len(stored()) == 1
        UploadPart.objects.update(created_at=timezone.now() - WRITING_LIMIT)
        sweep()

        assert (stored(), UploadPart.objects.count()) == ([], 0)

    def test_spares_what_a_job_has(self, client: Client, sent: str) -> None:
        start(client, sent)
        later(created_at=timedelta(days=50))

        sweep()

        assert len(stored()) == 3


class TestDelete:
    def test_removes_all_of_it(self, client: Client, sent: str) -> None:
        assert client.delete(f"/api/uploads/{sent}").status_code == 204

        assert nothing_is_left()

    def test_beats_a_part_on_its_way(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        begun = announce(client, TABLE).json()["data"]["id"]
        save = uploads._storage().save

        class Slow:
            """A storage in which the upload is deleted while a part is written."""

            def save(self, *given: Any) -> None:
                save(*given)
                monkeypatch.undo()
                assert client_like(client).delete(f"/api/uploads/{begun}").status_code == 204

        monkeypatch.setattr(uploads, "_storage", Slow)
        answer = put(client, begun, 1, TABLE[:16])

        assert answer.status_code == 409
        assert nothing_is_left()


class TestConnections:
    def test_none_is_held_while_bytes_are_written(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begun = announce(client, TABLE).json()["data"]["id"]
        save = uploads._storage().save
        held: list[bool] = []

        class Watched:
            def save(self, *given: Any) -> None:
                held.append(connection.in_atomic_block or connection.connection is not None)
                monkeypatch.undo()
                save(*given)

        monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
        connection.close()
        monkeypatch.setattr(uploads, "_storage", Watched)
        put(client, begun, 1, TABLE[:16])

        assert held == [False]


KILLED = """
import os, signal, django
django.setup()
from django.core.files.storage import FileSystemStorage
from jobs import uploads
from jobs.models import Upload

class Dying(FileSystemStorage):
    def save(self, *given):
        super().save(*given)
        os.kill(os.getpid(), signal.SIGKILL)

uploads._storage = lambda: Dying(os.environ["FOLDER"])
upload = Upload.objects.get()
uploads._store(upload, 1, uploads.ContentFile(b"x" * 16))
"""


def kill_while_writing(upload_id: str, folder: Path) -> None:
    """Let a process write a part and die before it can say so."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "batchops.settings",
        "DATABASE_URL": address_of(connection.settings_dict["NAME"]),
        "FOLDER": str(folder),
    }
    command = [sys.executable, "-c", KILLED]
    died = subprocess.run(command, cwd=ROOT, env=environment, check=False, timeout=30)
    assert died.returncode == -signal.SIGKILL


def client_like(client: Client) -> Client:
    """Return another client with the same session."""
    other = Client()
    other.cookies = client.cookies
    return other
