"""See what becomes of a ZIP whose worker lost its lease, or died."""

from __future__ import annotations

import multiprocessing
import os
import signal
from unittest.mock import patch

import pytest
from django.core.files import File
from django.db import connection, connections

from jobs import artifacts, lifecycle, registry
from jobs.errors import LostClaim
from jobs.models import Artifact, Claim
from jobs.runner import run_slice
from jobs.sweep import sweep
from tests.jobs.test_artifacts import (
    archive_of,
    download,
    files_in,
    folder,  # noqa: F401  (the fixture)
    leased,
    made_but_for_its_zip,
)

pytestmark = pytest.mark.django_db
fork = multiprocessing.get_context("fork")


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


def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)


def cut_short(things):
    """Give the first of them, and die over the second."""
    yield next(things)
    die()


def make_it_and_die(job_id, where):
    """Make a ZIP, in a process of its own, and be killed over it."""
    connection.close()
    drill = registry.find("drill")
    if where == "writing":
        plain = drill.artifact_files
        patch.object(type(drill), "artifact_files", lambda _, job: cut_short(plain(job))).start()
    if where == "storing":
        patch.object(File, "chunks", lambda _: cut_short(iter([b"PK"]))).start()
    if where == "stored":
        patch.object(lifecycle, "store_artifact", die).start()
    lease = leased(lifecycle.claim_artifact(job_id, worker="killed/1/1"))
    artifacts.make(artifacts.Making(lease, drill), drill)


@pytest.mark.processes
class TestKilled:
    @pytest.mark.parametrize("where", ["writing", "storing", "stored"])
    def test_another_worker_makes_it_and_nothing_stays(self, client, make, folder, where):  # noqa: F811
        job = made_but_for_its_zip(make)
        connections.close_all()
        killed = fork.Process(target=make_it_and_die, args=(job.pk, where))
        killed.start()
        killed.join(30)
        assert killed.exitcode == -signal.SIGKILL
        assert len(files_in(folder)) == (where != "writing")
        assert download(client, job).status_code == 202

        Claim.objects.update(expires_at="2020-01-01T00:00Z")
        sweep()
        run_slice()
        assert archive_of(download(client, job)).testzip() is None
        assert len(files_in(folder)) == 1
