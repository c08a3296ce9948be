"""See that a stopped worker that lost its lease on a ZIP leaves the other's alone."""

from __future__ import annotations

import pytest

from jobs import artifacts, lifecycle, registry
from jobs.errors import LostClaim
from jobs.models import Artifact, Claim
from tests.jobs.test_artifacts import (
    archive_of,
    download,
    files_in,
    folder,  # noqa: F401  (the fixture)
    leased,
    made_but_for_its_zip,
)

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
