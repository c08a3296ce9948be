"""Kill, stop and starve real clusters: they heal and leave nothing behind."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import timedelta

import psutil
import psycopg
import pytest
from django.utils import timezone
from django_q.models import OrmQ

from batchops.cluster.queries import clusters
from batchops.models import Heartbeat
from tests.cluster.running import Running, bell
from tests.embedded import address_of
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("shared")]

Start = Callable[..., Running]
SHORT = {"DJANGO_SETTINGS_MODULE": "tests.cluster.settings"}
IMPATIENT = {**SHORT, "CLUSTER_WEDGED_AFTER_S": "3"}


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def signal_all(cluster: Running, signum: signal.Signals) -> None:
    for pid in cluster.pids():
        with suppress(ProcessLookupError):
            os.kill(pid, signum)


class TestAKilledProcess:
    def test_the_bells_it_had_taken_ring_again_and_its_tasks_programs_die_with_it(
        self, start: Start
    ) -> None:
        bell("note")
        OrmQ.objects.update(lock=timezone.now() + timedelta(hours=3))
        cluster = start()
        wait_for(lambda: cluster.answers("noted"), 15, f"an answer: {cluster.log()}")
        bell("start_a_program")
        [program] = wait_for(lambda: cluster.answers("started"), 10, "the program")

        os.kill(cluster.pids("main")[0], signal.SIGKILL)

        wait_for(lambda: not is_running(program), 5, "the end of the program")
        wait_for(lambda: not cluster.pids(), 5, "the end of the cluster")


class TestATask:
    def test_one_that_ends_its_process_or_is_deaf_to_its_limit_costs_only_that_worker(
        self, start: Start
    ) -> None:
        cluster = start(**SHORT, TASK_LIMIT_S="2")
        cluster.wait_until_up()
        bell("take_a_second")
        wait_for(lambda: cluster.answers("begun"), 10, "the long task")
        bell("overrun_the_item_limit")
        wait_for(lambda: len(cluster.answers("begun")) == 2, 10, "the task that ends itself")
        bell("hear_nothing")
        wait_for(lambda: len(cluster.answers("begun")) == 3, 10, "the deaf task")
        _, loser, deaf = cluster.answers("begun")

        wait_for(lambda: not is_running(loser), 10, "the end of the worker that ended itself")
        wait_for(lambda: cluster.answers("finished"), 10, "its neighbour's end")
        wait_for(lambda: not is_running(deaf), 15, "the deaf one's end")  # limit + 3 s, leave 2 s
        bell("note")
        wait_for(lambda: cluster.answers("noted"), 10, "the next answer")
        cluster.wait_until_up()
        assert not cluster.has_ended()


class TestAStop:
    def test_sigterm_lets_tasks_finish_and_leaves_what_was_not_begun_for_others(
        self, start: Start
    ) -> None:
        cluster = start()
        cluster.wait_until_up()
        for _ in range(5):
            bell("take_a_second", at_most=5)
        wait_for(lambda: len(cluster.answers("begun")) == 2, 10, "two tasks")
        taken = OrmQ.objects.filter(lock__gt=timezone.now())
        wait_for(lambda: taken.count() == 4, 5, "two more in the cluster's hands")

        cluster.main.send_signal(signal.SIGTERM)

        assert cluster.wait_for_exit(10) == 0
        assert len(cluster.answers("finished")) == len(cluster.answers("begun")) == 2
        assert OrmQ.objects.filter(lock__lte=timezone.now()).count() == 3
        assert OrmQ.objects.count() == 3
        assert not cluster.pids()
        assert not Heartbeat.objects.exists()

    def test_signals_to_every_process_let_tasks_finish(self, start: Start) -> None:
        cluster = start()
        cluster.wait_until_up()
        for name in ("take_a_second", "heed_the_stop"):
            bell(name)
        wait_for(lambda: len(cluster.answers("begun")) == 2, 10, "the tasks")

        signal_all(cluster, signal.SIGINT)
        wait_for(lambda: cluster.answers("finished"), 10, "the one that heeds the stop")
        signal_all(cluster, signal.SIGTERM)

        assert cluster.wait_for_exit(10) == 0
        assert len(cluster.answers("finished")) == 2
        assert not cluster.pids()

    def test_a_deaf_task_is_cut_off_after_the_grace(self, start: Start) -> None:
        cluster = start(CLUSTER_STOP_GRACE_S="2", JOBS_SLICE_S="1")
        cluster.wait_until_up()
        bell("hear_nothing")
        wait_for(lambda: cluster.answers("begun"), 10, "the deaf task")
        asked_at = time.monotonic()

        cluster.main.send_signal(signal.SIGTERM)

        assert cluster.wait_for_exit(10) == 71
        assert 2 <= time.monotonic() - asked_at < 4
        assert not cluster.pids()


class TestAClusterThatStandsStill:
    def test_it_ends_itself(self, start: Start) -> None:
        cluster = start(**IMPATIENT)
        cluster.wait_until_up()
        os.kill(cluster.pids("pusher")[0], signal.SIGSTOP)
        bell("note")

        assert cluster.wait_for_exit(15) == 70
        assert "beside a free worker" in cluster.log()
        assert not cluster.pids()

    def test_one_whose_sentinel_is_frozen_ends_itself(self, start: Start) -> None:
        cluster = start(**IMPATIENT)
        cluster.wait_until_up()
        os.kill(cluster.pids("sentinel")[0], signal.SIGSTOP)

        assert cluster.wait_for_exit(15) == 70
        assert not cluster.pids()

    def test_one_whose_workers_are_all_busy_goes_on(self, start: Start) -> None:
        cluster = start(**IMPATIENT)
        cluster.wait_until_up()
        for _ in range(6):  # two run, two are on their way, two wait
            bell("take_half_a_minute", at_most=6)
        wait_for(lambda: len(cluster.answers("begun")) == 2, 10, "two long tasks")

        time.sleep(6)  # twice the limit: the point is that nothing happens
        assert OrmQ.objects.count() == 6
        assert not cluster.has_ended()


def heard() -> set[int]:
    return {each.pid for each in clusters() if each.age_s < 2}


def told_once(listener: psycopg.Connection, happened: Callable[[], bool]) -> bool:
    """Tell whether somebody announced something when it had happened."""
    with closing(listener.notifies(timeout=10)) as told:
        return any(happened() for _ in told)


class TestAHeartbeat:
    def test_its_coming_its_beats_and_its_going_are_announced(
        self, start: Start, shared: str
    ) -> None:
        with psycopg.connect(address_of(shared), autocommit=True) as listener:
            listener.execute("LISTEN batchops_live")
            cluster = start()
            seen = []
            for told in listener.notifies(timeout=15, stop_after=4):
                assert told.payload == "health"
                seen.append(Heartbeat.objects.get().beat_at)
            cluster.main.send_signal(signal.SIGTERM)
            assert told_once(listener, lambda: not Heartbeat.objects.exists())
            assert cluster.wait_for_exit(10) == 0
        assert seen == sorted(seen)
        assert len(set(seen)) > 2

    def test_one_that_falls_silent_is_announced_by_another_who_takes_over_its_ticks(
        self, start: Start, shared: str
    ) -> None:
        first = start(**SHORT)
        first.wait_until_up()
        second = start(**SHORT)
        second.wait_until_up()
        count = len(first.answers("tick"))

        wait_for(lambda: len(first.answers("tick")) > count + 5, 10, "five ticks")
        assert set(first.answers("tick")) == {first.main.pid}
        assert "this tick always fails" in first.log()

        with psycopg.connect(address_of(shared), autocommit=True) as listener:
            listener.execute("LISTEN batchops_live")
            os.kill(first.main.pid, signal.SIGKILL)
            assert told_once(listener, lambda: heard() == {second.main.pid})
        wait_for(lambda: second.main.pid in second.answers("tick"), 10, "the other to take over")
