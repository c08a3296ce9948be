"""Two clusters that decide about one report at the same moment, round after round."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts import lifecycle
from alerts.lifecycle import Letter, Slot
from alerts.models import Bulletin, BulletinSlot, Delivery, Notice
from tests.alerts.test_races import ROUNDS, race
from tests.monitoring.source import TODAY

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
LETTER = Letter("Daily report", "All went well.", "<p>All went well.</p>")


@pytest.fixture
def report(mail_settings: Any) -> Bulletin:
    values = {"enabled": True, "recipients": "chief@example.com", "set_at": datetime.now(UTC)}
    Bulletin.objects.filter(kind="daily_report").update(**values)
    return Bulletin.objects.get(kind="daily_report")


class TestTwoClusters:
    def test_each_day_is_mailed_or_missed_and_either_only_once(self, report: Bulletin) -> None:
        at = datetime.now(UTC)

        def slot(n: int) -> Slot:
            return Slot(report.pk, TODAY - timedelta(days=n), at)

        def post(n: int) -> bool:
            return lifecycle.post_slot(slot(n), LETTER, url="/admin/report/", at=at)

        race(post, post)
        race(
            lambda n: post(n + ROUNDS),
            lambda n: lifecycle.miss_slot(slot(n + ROUNDS), at=at, reason="Too late."),
        )

        outcomes = list(BulletinSlot.objects.order_by("-business_date").values_list("outcome"))
        posted = outcomes.count(("posted",))
        assert len(outcomes) == 2 * ROUNDS
        assert outcomes[:ROUNDS] == [("posted",)] * ROUNDS
        assert Notice.objects.count() == Delivery.objects.count() == posted
