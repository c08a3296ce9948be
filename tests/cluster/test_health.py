"""Read which clusters live, from rows as their main processes leave them."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django_q.models import OrmQ

from batchops.cluster import heartbeat, queries
from batchops.cluster.heartbeat import Identity
from batchops.db import database_now
from batchops.errors import Unavailable
from batchops.live.topics import find
from batchops.models import Heartbeat

pytestmark = [pytest.mark.django_db, pytest.mark.sql]

ME = Identity("jobs", "here", 2**22 + 1, 4)  # beyond the highest process id of Linux
INTERVAL = settings.HEARTBEAT_INTERVAL


def beaten(ago: timedelta, **values: Any) -> Heartbeat:
    at = database_now() - ago
    defaults = {"part": "jobs", "host": "here", "pid": 1, "workers": 4, "started_at": at}
    return Heartbeat.objects.create(**{**defaults, **values}, beat_at=at)


def health() -> dict[str, Any]:
    found = find("health")
    assert found is not None
    facts = found[0].read("")
    assert facts is not None
    return facts


class TestAHeartbeat:
    def test_it_makes_one_row_and_renews_it(self) -> None:
        heartbeat.beat(ME)
        first = Heartbeat.objects.get()
        heartbeat.beat(ME)

        second = Heartbeat.objects.get()
        assert (second.pk, second.started_at) == (first.pk, first.started_at)
        assert second.beat_at > first.beat_at

    def test_removing_it_leaves_those_of_others(self) -> None:
        heartbeat.beat(ME)
        other = beaten(timedelta(0), host="there")
        heartbeat.remove(ME)
        assert list(Heartbeat.objects.all()) == [other]

    def test_rows_of_an_hour_ago_and_of_ended_processes_here_are_forgotten(self) -> None:
        beaten(timedelta(minutes=61), host="elsewhere")
        beaten(timedelta(0), pid=ME.pid - 1)
        living = beaten(timedelta(0), pid=1)
        silent = beaten(timedelta(minutes=59), host="there")

        heartbeat.forget_the_dead(ME)

        assert set(Heartbeat.objects.all()) == {living, silent}


class TestTheLeader:
    def test_the_oldest_alive_of_its_kind_leads(self) -> None:
        beaten(timedelta(0), part="watch")
        heartbeat.beat(ME)
        younger = Identity("jobs", "there", 7, 4)
        heartbeat.beat(younger)
        assert (heartbeat.leads(ME), heartbeat.leads(younger)) == (True, False)

    def test_one_that_missed_three_beats_leads_no_more(self) -> None:
        beaten(4 * INTERVAL, host="there")
        heartbeat.beat(ME)
        assert heartbeat.leads(ME)


class TestHealth:
    def test_nobody_there_is_shown_as_nobody(self) -> None:
        facts = health()
        assert facts["alive"] == {"jobs": False, "watch": False}
        assert facts["clusters"] == []

    @pytest.mark.parametrize(
        ("intervals", "state"), [(0, "alive"), (1.9, "alive"), (2.5, "late"), (3.5, "unknown")]
    )
    def test_silence_turns_alive_into_late_and_then_unknown(
        self, intervals: float, state: str
    ) -> None:
        beaten(intervals * INTERVAL)
        [cluster] = health()["clusters"]
        assert cluster["state"] == state
        assert health()["alive"]["jobs"] is (state != "unknown")

    def test_it_counts_bells_that_wait_and_bells_that_are_taken(self) -> None:
        now = database_now()
        for key, ready_s in [("jobs", -7), ("jobs", -1), ("jobs", 60), ("lost", -1)]:
            OrmQ.objects.create(key=key, payload="", lock=now + timedelta(seconds=ready_s))

        jobs, watch = health()["queues"]

        assert (jobs["waiting"], jobs["taken"]) == (2, 1)
        assert 7 <= jobs["oldestWaitingS"] < 9
        assert watch == {"cluster": "watch", "waiting": 0, "taken": 0, "oldestWaitingS": None}

    def test_it_is_for_those_who_may_see_health(self) -> None:
        found = find("health")
        assert found is not None
        assert found[0].permission == "batchops.view_health"


class TestRequireAlive:
    def test_it_says_how_to_start_a_cluster_when_none_is_alive(self) -> None:
        beaten(timedelta(0), part="watch")
        with pytest.raises(Unavailable, match=r"`manage\.py cluster jobs`"):
            queries.require_alive("jobs")

    def test_it_passes_when_one_is(self) -> None:
        heartbeat.beat(ME)
        queries.require_alive("jobs")

    def test_a_cluster_without_workers_does_not_count(self) -> None:
        beaten(timedelta(0), workers=0)
        assert not queries.is_alive("jobs")


class TestOldestBell:
    def test_it_is_zero_when_none_waits(self) -> None:
        assert queries.oldest_bell_s("jobs") == 0
