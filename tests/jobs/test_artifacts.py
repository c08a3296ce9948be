from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from datetime import timedelta

import pytest
from django.core.files.storage import storages
from django.db import connection
from django.db.models import F

from alerts.models import Alert
from jobs import artifacts, judge, lifecycle, registry, states
from jobs.errors import LostClaim, MoveRefused
from jobs.lifecycle import artifacts as moves
from jobs.models import Artifact, Claim
from jobs.models.files import ATTEMPTS
from jobs.runner import run_slice
from jobs.sweep import sweep
from jobs.types.drill import Drill
from tests.jobs.test_exports import body_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    """Put this test's ZIPs into a folder of its own, and what has no name into another."""
    settings.SCRATCH_DIR = tmp_path / "scratch"
    stored = {**settings.STORAGES["artifacts"]}
    stored["OPTIONS"] = {**stored["OPTIONS"], "location": tmp_path / "files/artifacts"}
    settings.STORAGES = {**settings.STORAGES, "artifacts": stored}
    return tmp_path


def files_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def download(client, job, **headers):
    return client.get(f"/api/batch-jobs/{job.pk}/download", headers=headers)


def etag_of(client, job):
    return client.head(f"/api/batch-jobs/{job.pk}/download")["ETag"]


def archive_of(response):
    return zipfile.ZipFile(io.BytesIO(body_of(response)))


def shown(client, job):
    return client.get(f"/api/batch-jobs/{job.pk}").json()["data"]


@pytest.fixture
def zipped(done):
    return lambda **params: done(**{"items": 3, "ms": 0, "zip": True, **params})


@pytest.fixture
def no_pause(monkeypatch):
    monkeypatch.setattr(moves, "FIRST_PAUSE", timedelta(0))


@pytest.fixture
def broken(monkeypatch):
    """Let the drill fail to make its files, until it is mended."""
    monkeypatch.setattr(Drill, "artifact_files", lambda self, job: 1 / 0)
    return monkeypatch


class TestMaking:
    def test_a_finished_job_hands_out_its_files_with_a_list_of_them(self, client, zipped):
        job = zipped(items=4, failPercent=50)
        response = download(client, job)
        assert response.status_code == 200
        archive = archive_of(response)
        assert archive.testzip() is None
        assert archive.namelist() == ["item-0000000.txt", "item-0000002.txt", "manifest.csv"]
        [titles, *rows] = csv.reader(io.StringIO(archive.read("manifest.csv").decode()))
        assert titles == ["name", "bytes", "sha256"]
        for name, size, digest in rows:
            assert len(archive.read(name)) == int(size)
            assert hashlib.sha256(archive.read(name)).hexdigest() == digest

    def test_the_job_says_where_it_is(self, client, zipped, done):
        body = shown(client, zipped())
        assert body["artifactState"] == "ready"
        for where in (body["downloadUrl"], f"/{body['outputZipPath']}"):
            assert archive_of(client.get(where)).testzip() is None
        without = shown(client, done(items=1, ms=0))
        assert (without["artifactState"], without["downloadUrl"]) == ("none", None)
        assert without["outputZipPath"] is None

    def test_it_leaves_half_of_the_workers_to_items(self, make, settings):
        settings.JOBS_WORKERS = 4
        for _ in range(3):
            made_but_for_its_zip(make)
        assert artifacts.next_lease("a")
        assert artifacts.next_lease("b")
        assert artifacts.next_lease("c") is None

    def test_no_worker_makes_one_that_another_makes(self, make):
        job = made_but_for_its_zip(make)
        assert lifecycle.claim_artifact(job.pk, worker="a")
        assert lifecycle.claim_artifact(job.pk, worker="b") is None
        assert Artifact.objects.get().attempts == 1


class TestDownload:
    @pytest.fixture
    def whole(self, client, zipped):
        self.job = zipped()
        response = download(client, self.job)
        self.etag = response["ETag"]
        return body_of(response)

    def test_it_is_an_attachment_of_known_length(self, client, zipped):
        job = zipped()
        response = download(client, job)
        assert int(response["Content-Length"]) == len(body_of(response))
        assert response["Content-Type"] == "application/zip"
        assert response["Content-Disposition"].startswith("attachment; filename=")
        assert job.pk in response["Content-Disposition"]
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Accept-Ranges"] == "bytes"

    def test_a_head_says_the_same_without_the_file(self, client, whole):
        head = client.head(f"/api/batch-jobs/{self.job.pk}/download")
        assert head.status_code == 200
        assert head["Content-Length"] == str(len(whole))
        assert head["ETag"] == self.etag
        assert head.content == b""

    @pytest.mark.parametrize(
        ("asked", "cut"),
        [
            ("bytes=0-0", slice(0, 1)),
            ("bytes=5-14", slice(5, 15)),
            ("bytes=7-", slice(7, None)),
            ("bytes=-9", slice(-9, None)),
            ("bytes=-99999999", slice(0, None)),
            ("bytes=3-99999999", slice(3, None)),
        ],
    )
    def test_it_hands_out_the_part_asked_for(self, client, whole, asked, cut):
        response = download(client, self.job, Range=asked)
        part = body_of(response)
        assert response.status_code == 206
        assert part == whole[cut]
        first = cut.indices(len(whole))[0]
        expected = f"bytes {first}-{first + len(part) - 1}/{len(whole)}"
        assert response["Content-Range"] == expected
        assert int(response["Content-Length"]) == len(part)

    @pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0"])
    def test_a_part_that_is_not_there_is_refused_with_the_length(self, client, whole, asked):
        response = download(client, self.job, Range=asked)
        assert response.status_code == 416
        assert response["Content-Range"] == f"bytes */{len(whole)}"

    @pytest.mark.parametrize(
        "asked", ["bytes=5-1", "bytes=-", "bytes=a-b", "items=0-1", "bytes=0-1,4-5", "bytes=²-3"]
    )
    def test_what_is_no_range_gets_the_whole(self, client, whole, asked):
        assert body_of(download(client, self.job, Range=asked)) == whole

    def test_who_has_it_is_told_that_it_has_not_changed(self, client, whole):
        for known in (self.etag, f"W/{self.etag}", f'"x", {self.etag}', "*"):
            response = download(client, self.job, **{"If-None-Match": known})
            assert (response.status_code, response.content) == (304, b"")
        assert body_of(download(client, self.job, **{"If-None-Match": '"x"'})) == whole

    @pytest.mark.parametrize("asked", ["bytes=0-3", "bytes=99999999-"])
    def test_a_head_asks_for_no_part(self, client, whole, asked):
        head = client.head(f"/api/batch-jobs/{self.job.pk}/download", headers={"Range": asked})
        assert (head.status_code, head["Content-Length"]) == (200, str(len(whole)))
        assert "Content-Range" not in head

    def test_a_part_of_another_file_is_not_given(self, client, whole):
        ask = {"Range": "bytes=0-3"}
        same = download(client, self.job, **ask, **{"If-Range": self.etag})
        other = download(client, self.job, **ask, **{"If-Range": '"other"'})
        assert (same.status_code, other.status_code) == (206, 200)
        assert (body_of(same), body_of(other)) == (whole[:4], whole)


class TestNotThere:
    def test_before_the_end_it_is_409(self, client, make):
        response = download(client, make(zip=True))
        assert response.status_code == 409
        assert response.json()["error"] == "not_finished"

    def test_while_it_is_made_it_is_202_with_when_to_come_again(self, client, zipped, broken):
        job = zipped()
        response = download(client, job)
        assert response.status_code == 202
        assert response.json()["retry_after"] == int(response["Retry-After"])
        assert set(response.json()) == {"message", "retry_after"}

    def test_when_the_type_makes_none_it_is_404(self, client, done):
        assert download(client, done(items=1, ms=0)).json()["error"] == "no_artifact"

    def test_while_a_job_is_open_whose_type_makes_none_it_is_404(self, client, make):
        answer = download(client, make(items=1))
        assert (answer.status_code, answer.json()["error"]) == (404, "no_artifact")

    def test_when_nothing_succeeded_there_is_none(self, client, zipped):
        assert download(client, zipped(failPercent=100)).status_code == 404

    def test_after_retention_it_is_410_and_the_file_is_gone(self, client, zipped, folder):
        job = zipped()
        lifecycle.expire_artifact(job.pk, actor="system:retention")
        sweep()
        assert files_in(folder) == []
        response = download(client, job)
        assert (response.status_code, response.json()["error"]) == (410, "artifact_gone")
        assert shown(client, job)["artifactState"] == "expired"
        with pytest.raises(MoveRefused):
            lifecycle.expire_artifact(job.pk, actor="system:retention")

    def test_it_is_kept_as_long_as_its_type_says(self, client, zipped, folder):
        job = zipped()
        assert Artifact.objects.filter(expires_at=F("made_at") + Drill.artifacts_kept).exists()
        sweep()
        assert archive_of(download(client, job)).testzip() is None

        Artifact.objects.update(expires_at="2020-01-01T00:00Z")
        sweep()
        assert download(client, job).status_code == 410
        assert files_in(folder) == []
        assert job.events.get(verb="expire_artifact").actor == "system:retention"

    def test_a_slow_storage_holds_the_sweep_up_for_a_moment_only(
        self, client, zipped, folder, monkeypatch
    ):
        jobs = [zipped(), zipped()]
        Artifact.objects.update(state=states.EXPIRED)
        monkeypatch.setattr(artifacts, "REMOVE_WITHIN_S", 0)
        assert artifacts.remove_files() == 1
        assert artifacts.remove_files() == 1
        assert (files_in(folder), len(jobs)) == ([], 2)

    def test_when_the_file_was_lost_it_is_410_and_no_500(self, client, zipped, folder):
        job = zipped()
        storages["artifacts"].delete(Artifact.objects.get().stored_as())
        assert download(client, job).status_code == 410

    @pytest.mark.parametrize("name", ["..%2F..%2Fetc%2Fpasswd", "nobody", "%2e%2e", "a" * 65])
    def test_no_address_leads_out(self, client, name):
        assert client.get(f"/api/batch-jobs/{name}/download").status_code == 404


class TestFailing:
    def test_it_is_tried_again_and_given_up_in_the_end(self, client, zipped, broken, folder):
        job = zipped()
        for attempt in range(1, ATTEMPTS + 1):
            assert Artifact.objects.get().attempts == attempt
            assert Artifact.objects.get().error.startswith("ZeroDivisionError")
            assert not artifacts.is_due()
            Artifact.objects.update(not_before=None)
            run_slice()
        assert shown(client, job)["artifactState"] == "failed"
        assert download(client, job).json()["error"] == "artifact_failed"
        assert job.events.filter(verb="fail_artifact").count() == 1
        assert files_in(folder) == []
        assert shown(client, job)["status"] == "completed"

    def test_it_is_told_until_it_is_made_by_hand(self, client, zipped, broken, folder):
        broken.setattr(moves, "FIRST_PAUSE", timedelta(0))
        job = zipped()
        sweep()  # which removes what the attempts may have left
        judge.judge()
        [alert] = Alert.objects.active().filter(rule="JOB_NO_ZIP")
        assert "could not be made: ZeroDivisionError: division by zero." in alert.message
        assert "Make the ZIP again" in client.get(f"/admin/jobs/{job.pk}/").content.decode()
        broken.undo()

        answer = client.post(f"/api/batch-jobs/{job.pk}/zip")
        run_slice()
        judge.judge()

        assert answer.json()["data"]["artifactState"] == "making"
        assert archive_of(download(client, job)).testzip() is None
        assert not Alert.objects.active().filter(rule="JOB_NO_ZIP").exists()
        assert client.post(f"/api/batch-jobs/{job.pk}/zip").json()["error"] == "move_refused"

    def test_a_wrong_query_of_its_type_is_its_reason(self, zipped, monkeypatch):
        def ask(self, job):
            connection.cursor().execute("SELECT no_such_column")

        monkeypatch.setattr(Drill, "artifact_files", ask)
        zipped()
        assert Artifact.objects.get().error.startswith("ProgrammingError")
        assert not Claim.objects.exists()

    def test_a_stop_costs_no_attempt(self, make, folder, monkeypatch):
        monkeypatch.setattr("batchops.cluster.stopping.requested", lambda: True)
        job = made_but_for_its_zip(make)
        lease = leased(lifecycle.claim_artifact(job.pk, worker="w"))
        artifacts.make(artifacts.Making(lease, registry.find("drill")), registry.find("drill"))
        assert Artifact.objects.get().attempts == 0
        assert Claim.objects.count() == 0
        assert files_in(folder) == []

    def test_who_lost_the_lease_leaves_nothing_and_spoils_nothing(
        self, client, make, folder, monkeypatch
    ):
        job = made_but_for_its_zip(make)
        plain = Drill.artifact_files

        def frozen_meanwhile(self, job):
            monkeypatch.setattr(Drill, "artifact_files", plain)
            Claim.objects.update(expires_at="2020-01-01T00:00Z")
            run_slice()
            return plain(self, job)

        monkeypatch.setattr(Drill, "artifact_files", frozen_meanwhile)
        drill = registry.find("drill")
        lease = leased(lifecycle.claim_artifact(job.pk, worker="frozen"))
        with pytest.raises(LostClaim):
            artifacts.make(artifacts.Making(lease, drill), drill)
        [left] = files_in(folder)
        assert left == Artifact.objects.get().stored_as()
        assert left.endswith("-2.zip")
        assert archive_of(download(client, job)).testzip() is None


class TestRetry:
    def test_the_old_one_stays_until_the_new_one_is_there(self, client, zipped, folder, no_pause):
        job = zipped(items=4, failPercent=50, recovers=True)
        old = etag_of(client, job)
        lifecycle.retry(job.pk, actor="user:x")
        assert etag_of(client, job) == old
        run_slice()
        sweep()
        new = download(client, job)
        assert new["ETag"] != old
        assert len(archive_of(new).namelist()) == 5
        assert len(files_in(folder)) == 1

    def test_a_new_one_that_fails_leaves_the_old_one(self, client, zipped, broken, folder):
        broken.undo()
        job = zipped(items=4, failPercent=50, recovers=True)
        old = etag_of(client, job)
        broken.setattr(Drill, "artifact_files", lambda self, job: 1 / 0)
        broken.setattr(moves, "FIRST_PAUSE", timedelta(0))
        lifecycle.retry(job.pk, actor="user:x")
        run_slice()
        assert shown(client, job)["artifactState"] == "failed"
        assert etag_of(client, job) == old


def made_but_for_its_zip(make):
    """Do a job up to its end, with nobody there to make the ZIP."""
    job = make(items=1, ms=0, zip=True)
    expansion = leased(lifecycle.claim_expansion(job.pk, worker="w"))
    lifecycle.add_items(expansion, [None], start=0)
    lifecycle.close_expansion(expansion)
    chunk = leased(lifecycle.claim_items(job.pk, limit=1, worker="w"))
    outcome = lifecycle.Outcome(chunk.items[0].id, states.SUCCEEDED)
    lifecycle.settle(chunk, [outcome], ends=True)
    return job


def leased(lease):
    assert lease is not None
    return lease
