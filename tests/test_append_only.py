"""What happened stays as it was written, whoever asks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import InternalError, ProgrammingError, connection, transaction
from django.utils import timezone

from batchops.append_only import taken_rights
from batchops.house.rights import grant_application
from batchops.models import User
from jobs import retention as of_jobs
from jobs.models import Job, JobEvent
from monitoring import retention as of_monitoring

pytestmark = [pytest.mark.sql, pytest.mark.django_db]
REFUSED = (InternalError, ProgrammingError)


def is_refused(statement: str) -> bool:
    """Tell whether the database refuses it to its superuser too."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except REFUSED as error:
        assert "Cannot" in str(error)
        return True
    return False


class TestTheTrail:
    def test_no_table_of_it_is_emptied(self) -> None:
        tables = dict(taken_rights())

        assert {"jobs_jobevent", "alerts_alertevent", "django_admin_log"} < tables.keys()
        assert len(tables) > 15
        assert [name for name in tables if not is_refused(f"TRUNCATE {name} CASCADE")] == []

    def test_no_row_of_it_is_changed_or_removed(self) -> None:
        boss = User.objects.create(username="boss")
        LogEntry.objects.create(user=boss, action_flag=CHANGE, object_repr="x")

        assert is_refused("UPDATE django_admin_log SET change_message = 'nothing'")
        assert is_refused("DELETE FROM django_admin_log")

    def test_what_people_did_to_a_job_is_removed_only_when_it_is_old(self) -> None:
        job = Job.objects.create(id="kept", type="drill")
        for actor, days in (("user:x", 1), ("system:worker", 1), ("user:x", 31)):
            at = timezone.now() - timedelta(days=days)
            JobEvent.objects.create(job=job, verb=f"{days}", actor=actor, at=at, generation=1)

        assert is_refused("UPDATE jobs_jobevent SET actor = 'user:y'")
        assert is_refused("DELETE FROM jobs_jobevent")
        assert not is_refused("DELETE FROM jobs_jobevent WHERE verb = '31' OR actor ~ '^system'")
        assert JobEvent.objects.get().actor == "user:x"

    def test_clean_up_needs_no_more_than_the_application_may(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE ROLE append_only_app")
            grant_application("append_only_app")
            cursor.execute("SET LOCAL ROLE append_only_app")

        assert of_jobs.clean_up(timezone.now(), for_s=10).all_gone
        assert of_monitoring.clean_up(timezone.now(), for_s=10).all_gone
