"""What people edit is checked, and every version of it is kept and shown."""

import pytest
from django.db import DatabaseError, connection, transaction

from batchops.row_history import versions
from monitoring.models import MonitoringConfig, Step
from tests.people import client_of

pytestmark = pytest.mark.django_db
FORM = {
    "source_batch_cd": "F1-FLUSH",
    "name": "Flush Batch",
    "sequence_order": 4,
    "expected_start": "10:00",
    "grace_minutes": 30,
    "expected_minutes": 5,
    "max_minutes": 30,
    "stuck_profile": "off",
    "repeats": "on",
}
CONFIG = "/admin/monitoring/monitoringconfig/1/"
SETTINGS = {
    "poll_minutes": 15,
    "stale_after_polls": 2,
    "day_start": "05:00",
    "stuck_minutes": 60,
    "page_refresh_minutes": 30,
    "log_retention_days": 60,
    "month_end_last_days": 1,
    "month_end_first_days": 0,
    "day_deadline": "17:00",
}


def address_of(step: Step, page: str = "change") -> str:
    return f"/admin/monitoring/step/{step.pk}/{page}/"


@pytest.fixture
def step() -> Step:
    return Step.objects.get(batch_code="F1-FLUSH")


class TestValidation:
    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("source_batch_cd", "F1 FLUSH", "Use letters, digits"),
            ("source_batch_cd", "F1-FLUSHES", "at most 8 characters"),
            ("expected_minutes", "0", "greater than or equal to 1"),
            ("max_minutes", "1441", "less than or equal to 1440"),
            ("max_minutes", "4", "raise the maximum"),
            ("expected_start", "25:00", "Enter a valid time"),
            ("sequence_order", "1", "already exists"),
        ],
    )
    def test_a_step_says_what_is_wrong_with_it(
        self, step: Step, field: str, value: str, said: str
    ) -> None:
        answer = client_of("Supervisor").post(address_of(step), {**FORM, field: value})

        assert answer.status_code == 200
        assert said in answer.content.decode()
        assert len(versions(step, viewer="")) == 1

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("poll_minutes", 0),
            ("stale_after_polls", 21),
            ("stuck_minutes", 0),
            ("page_refresh_minutes", 0),
            ("log_retention_days", 6),
            ("log_retention_days", 99999),
            ("day_start", "x"),
            ("month_end_last_days", 8),
        ],
    )
    def test_settings_keep_to_their_limits(self, field: str, value: object) -> None:
        answer = client_of("Supervisor").post(f"{CONFIG}change/", {**SETTINGS, field: value})

        assert answer.status_code == 200
        assert "Please correct the error below" in answer.content.decode()
        assert len(versions(MonitoringConfig.objects.get(), viewer="")) == 1

    def test_the_page_says_no_other_limits(self) -> None:
        page = client_of("Supervisor").get(f"{CONFIG}change/").content.decode()

        assert "0: never" not in page
        assert "Pages follow by themselves" in page


class TestVersions:
    def test_the_page_says_who_changed_what_when(self, step: Step) -> None:
        supervisor = client_of("Supervisor")

        saved = supervisor.post(address_of(step), {**FORM, "max_minutes": 45, "is_critical": "on"})
        page = client_of("Viewer").get(address_of(step, "history")).content.decode()

        assert saved.status_code == 302
        assert "max minutes: 30 → 45" in page
        assert "is critical: no → yes" in page
        assert "<strong>Changed</strong> by supervisor" in page
        assert "<strong>Created</strong> by the system" in page

    def test_settings_have_theirs(self) -> None:
        supervisor = client_of("Supervisor")
        supervisor.post(f"{CONFIG}change/", {**SETTINGS, "month_end_last_days": 3})

        page = supervisor.get(f"{CONFIG}history/").content.decode()

        assert "last days of a month: 1 → 3" in page
        assert "by you" in page

    def test_what_is_changed_past_the_admin_is_kept_too(self, step: Step) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE batch_workflow_config SET max_duration_minutes = 99 WHERE id = %s",
                [step.pk],
            )

        page = client_of("Viewer").get(address_of(step, "history")).content.decode()

        assert "max minutes: 30 → 99" in page

    @pytest.mark.parametrize("sql", ["DELETE FROM", "UPDATE"])
    def test_a_version_cannot_be_changed_or_removed(self, sql: str) -> None:
        rest = " SET pgh_label = ''" if sql == "UPDATE" else ""

        with (
            pytest.raises(DatabaseError, match="Cannot"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"{sql} monitoring_stepevent{rest}")
