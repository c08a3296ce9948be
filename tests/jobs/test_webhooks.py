"""What programs are told when jobs end."""

from ipaddress import ip_network
from typing import Any

import pytest
from cryptography.fernet import Fernet

from alerts import deliver
from alerts.models import Delivery
from jobs import lifecycle
from tests.alerts.receivers import receiving, webhook
from tests.jobs.conftest import Make
from tests.jobs.test_alerts_of_jobs import fail

pytestmark = pytest.mark.django_db


class TestEndedJob:
    def test_channels_that_want_it_tell_each_end_once(self, make: Make, settings: Any) -> None:
        settings.BATCHOPS_SECRETS_KEYS = [Fernet.generate_key().decode()]
        settings.WEBHOOK_INSIDE = [ip_network("127.0.0.1/32")]
        with receiving() as receiver, receiving() as other:
            webhook(receiver, job_ends="bad", rules=["STUCK"])
            webhook(other, name="Other", job_ends="bad", batches="enrich", rules=["STUCK"])
            job = fail(make(inline=[{}, {}], ms=0))
            lifecycle.cancel(make(inline=[{}], ms=0).pk, actor="user:x")

            deliver.deliver_due()

        assert [got.json["type"] for got in receiver.got] == ["job.ended"]
        told = receiver.got[0].json["data"]["events"][0]
        assert (told["id"], told["type"], told["state"]) == (job.pk, "drill", "failed")
        assert (told["items_total"], told["failed"]) == (2, 2)
        assert told["url"].endswith(f"/admin/jobs/{job.pk}/")
        assert not other.got
        assert Delivery.objects.get().state == "sent"
