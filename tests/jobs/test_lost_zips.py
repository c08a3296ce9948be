"""See what becomes of a ZIP whose worker lost its lease, or died."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from django.db import connection

from jobs import artifacts, lifecycle, registry
from jobs.errors import LostClaim
from jobs.models import Artifact, Claim
from jobs.runner import run_slice
from jobs.sweep import sweep
from tests.embedded import address_of
from tests.jobs.test_artifacts import (
    archive_of,
    download,
    files_in,
    folder,  # noqa: F401  (the fixture)
    leased,
    made_but_for_its_zip,
)
from tests.web_process import ROOT

pytestmark = pytest.mark.django_db


class TestAStop:
    def test_a_stop_of_who_lost_the_lease_spoils_nothing(
        self,
        client,
        make,
        folder,  # noqa: F811  (the fixture)
        monkeypatch,
    ):
        job, drill = made_but_for_its_zip(make), registry.find("drill")
        frozen = leased(lifecycle.claim_artifact(job.pk, worker="frozen"))
        Claim.objects.update(expires_at="2020-01-01T00:00Z")
        lifecycle.expire_claims()
        other = leased(lifecycle.claim_artifact(job.pk, worker="other"))
        with monkeypatch.context() as patched:
            patched.setattr("batchops.cluster.stopping.requested", lambda: True)
            with pytest.raises(LostClaim):
                artifacts.make(artifacts.Making(frozen, drill), drill)
        assert Artifact.objects.get().attempts == 2
        artifacts.make(artifacts.Making(other, drill), drill)
        assert archive_of(download(client, job)).testzip() is None
        assert files_in(folder) == [Artifact.objects.get().stored_as()]

    def test_who_knows_that_the_lease_is_lost_does_not_put_off(self, make, monkeypatch):
        monkeypatch.setattr("batchops.cluster.stopping.requested", lambda: True)
        job, drill = made_but_for_its_zip(make), registry.find("drill")
        making = artifacts.Making(leased(lifecycle.claim_artifact(job.pk, worker="w")), drill)
        making.lost = True
        with pytest.raises(LostClaim):
            making.go_on()


KILLED = """
import os, signal, sys
import django
django.setup()
from django.core.files import File
from jobs import lifecycle, registry
from jobs.artifacts import Making, make

where = sys.argv[2]
def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)
if where == "writing":
    plain = registry.find("drill").artifact_files
    def files(job):
        yield next(plain(job))
        die()
    type(registry.find("drill")).artifact_files = lambda self, job: files(job)
if where == "storing":
    def chunks(self):
        yield b"PK"
        die()
    File.chunks = lambda self: chunks(self)
if where == "stored":
    lifecycle.store_artifact = die
lease = lifecycle.claim_artifact(sys.argv[1], worker="killed/1/1")
drill = registry.find("drill")
make(Making(lease, drill), drill)
"""


@pytest.mark.processes
class TestKilled:
    @pytest.mark.parametrize("where", ["writing", "storing", "stored"])
    def test_another_worker_makes_it_and_nothing_stays(self, client, make, folder, where):  # noqa: F811
        job = made_but_for_its_zip(make)
        environment = {
            **os.environ,
            "DATABASE_URL": address_of(connection.settings_dict["NAME"]),
            "BATCHOPS_DATA_DIR": str(folder),
        }
        command = [sys.executable, "-c", KILLED, job.pk, where]
        ended = subprocess.run(command, env=environment, cwd=ROOT, check=False, timeout=30)
        assert ended.returncode == -signal.SIGKILL
        assert len(files_in(folder)) == (where != "writing")
        assert download(client, job).status_code == 202

        Claim.objects.update(expires_at="2020-01-01T00:00Z")
        sweep()
        run_slice()
        assert archive_of(download(client, job)).testzip() is None
        assert len(files_in(folder)) == 1
