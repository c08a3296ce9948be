"""Ring bells inside transactions, too often, and wrongly."""

from datetime import timedelta
from threading import Thread
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from batchops.cluster.bells import UnknownBell, release_taken, ring
from batchops.cluster.broker import HearingBroker
from tests.waiting import wait_for

BELL = "tests.cluster.answers.note"


@pytest.fixture(autouse=True)
def _silence(db: None) -> None:
    """Take away what tests that commit have rung."""
    OrmQ.objects.all().delete()


@pytest.mark.django_db
class TestRing:
    def test_it_queues_the_function_for_its_cluster_alone(self) -> None:
        assert ring(BELL, cluster="watch") is True

        row = OrmQ.objects.get()
        assert row.key == "watch"
        task = SignedPackage.loads(row.payload)
        assert (task["func"], task["args"], task["ack_failure"]) == (BELL, (), True)

    def test_it_rings_once_however_often_it_is_called(self) -> None:
        assert [ring(BELL, cluster="jobs") for _ in range(3)] == [True, False, False]
        assert OrmQ.objects.count() == 1

    def test_it_rings_up_to_at_most(self) -> None:
        assert [ring(BELL, cluster="jobs", at_most=2) for _ in range(3)] == [True, True, False]

    def test_it_rings_for_several_at_once_as_often_as_is_missing(self) -> None:
        ring(BELL, cluster="jobs")
        assert [ring(BELL, cluster="jobs", times=3, at_most=3) for _ in range(2)] == [True, False]
        assert OrmQ.objects.count() == 3

    def test_a_bell_that_a_worker_took_does_not_count(self) -> None:
        ring(BELL, cluster="jobs")
        OrmQ.objects.update(lock=timezone.now() + timedelta(hours=3))

        assert ring(BELL, cluster="jobs") is True

    def test_bells_of_the_other_cluster_do_not_count(self) -> None:
        ring(BELL, cluster="watch")
        assert ring(BELL, cluster="jobs") is True

    def test_bells_for_other_functions_do_not_count(self) -> None:
        ring("tests.cluster.answers.take_a_second", cluster="jobs")
        assert ring(BELL, cluster="jobs") is True

    def test_the_one_that_has_waited_longest_is_heard_first(self) -> None:
        now = timezone.now()
        rung = {
            OrmQ.objects.create(
                key="jobs", payload="", lock=now - timedelta(seconds=waited_s)
            ).pk: waited_s
            for waited_s in (3, 40, 2, 50, 1)
        }
        broker = HearingBroker(list_key="jobs")

        heard = [broker.dequeue() for _ in rung]

        assert [rung[taken[0][0]] for taken in heard if taken] == [50, 40, 3, 2, 1]

    def test_one_rung_in_a_transaction_that_rolls_back_never_rings(self) -> None:
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            ring(BELL, cluster="jobs")
            raise ZeroDivisionError
        assert not OrmQ.objects.exists()

    @pytest.mark.parametrize(
        ("task", "reason"),
        [
            ("tests.cluster.answers.nothing", "cannot be imported"),
            ("no_such_module.note", "cannot be imported"),
            ("note", "cannot be imported"),
            ("tests.cluster.settings.SILENCED_SYSTEM_CHECKS", "not a function"),
        ],
    )
    def test_it_refuses_what_no_worker_could_call(self, task: str, reason: str) -> None:
        with pytest.raises(UnknownBell, match=reason):
            ring(task, cluster="jobs")
        assert not OrmQ.objects.exists()

    def test_it_refuses_a_cluster_that_nobody_runs(self) -> None:
        with pytest.raises(UnknownBell, match="no cluster 'job'"):
            ring(BELL, cluster="job")  # type: ignore[arg-type]


@pytest.mark.django_db
class TestReleaseTaken:
    def test_it_gives_back_what_a_killed_cluster_had_taken(self) -> None:
        ring(BELL, cluster="jobs")
        ring(BELL, cluster="watch")
        OrmQ.objects.update(lock=timezone.now() + timedelta(hours=3))

        assert release_taken("jobs") == 1

        assert OrmQ.objects.get(key="jobs").lock <= timezone.now()
        assert OrmQ.objects.get(key="watch").lock > timezone.now()


@pytest.mark.django_db(transaction=True)
class TestHearing:
    def test_a_cluster_that_waits_hears_a_bell_at_once(self) -> None:
        heard: list[list[tuple[int, str]] | None] = []

        def listen() -> None:
            broker = HearingBroker(list_key="jobs")
            while not any(heard):
                heard.append(broker.dequeue())
            connection.close()

        with patch("batchops.cluster.broker.Conf.POLL", 60):
            listener = Thread(target=listen)
            listener.start()
            wait_for(lambda: heard, 10, "the cluster to listen")
            ring(BELL, cluster="jobs")
            listener.join(10)

        assert not listener.is_alive()
        assert [number for number, _ in heard[-1] or ()] == [OrmQ.objects.get().pk]

    def test_a_database_that_is_away_is_asked_again_soon(self) -> None:
        broker = HearingBroker(list_key="jobs")
        away = OperationalError("the connection was refused")

        with (
            patch("batchops.cluster.broker.Conf.POLL", 0),
            patch.object(broker, "get_connection", side_effect=away),
        ):
            assert broker.dequeue() is None
