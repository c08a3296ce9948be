"""Cut hosts off while a job runs on several: it ends whole, and every screen shows its end."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Max

from batchops.house.places import remove
from monitoring.models import Poll
from tests.embedded import address_of, temporary_folder
from tests.hosts.network import Host, NotAllowed
from tests.hosts.site import Site
from tests.jobs.harness import checks
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.django_db, pytest.mark.timeout(900)]

ROUNDS = int(os.environ.get("BATCHOPS_ROUNDS", "20"))
IS_LONG = ROUNDS >= 200
ITEMS = 100 * ROUNDS
ITEM_MS = 5
LOST_S = 3  # longer than a lease
CUT_S = (0.5, 5)
# Long, for a machine that does much else; nobody waits so long on a quiet one.
BEGUN_WITHIN_S = WHOLE_WITHIN_S = SHOWN_WITHIN_S = 120
FREE_WITHIN_S = 20
POLLED_WITHIN_S = 120
LOCKED_SQL = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711"


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: Any) -> Iterator[Site]:
    folder = temporary_folder()
    own = address_of(str(connection.settings_dict["NAME"]))
    try:
        made = Site(folder, source=own, web=2, work=3 if IS_LONG else 2)
    except NotAllowed as refusal:
        remove(folder)
        pytest.skip(str(refusal))
    try:
        with django_db_blocker.unblock(), made.network.at_desk(), made.orm():
            made.start()
            if IS_LONG:
                made.start_watching()
            yield made
    finally:
        made.remove()
        remove(folder)


def cut_off(hosts: list[Host], *, seconds: float) -> None:
    for host in hosts:
        host.cut_off()
    time.sleep(seconds)
    for host in hosts:
        host.heal()


def play_cuts(site: Site, job: str) -> None:
    """Cut off a worker and a web server at once; in the long form any hosts, as chance has it."""
    cut_off([site.host(site.works[0]), site.host(site.webs[0])], seconds=LOST_S)
    chance = random.Random(ROUNDS)
    names = ["db", *site.webs, *site.works]
    while IS_LONG and not site.is_whole(job):
        chosen = chance.sample(names, k=chance.choice([1, 1, 2]))
        cut_off([site.host(name) for name in chosen], seconds=chance.uniform(*CUT_S))
        time.sleep(chance.uniform(0, 1))


class TestAJobOnSeveralHosts:
    def test_it_ends_whole_though_hosts_are_cut_off_and_every_screen_shows_it(
        self, site: Site
    ) -> None:
        job = site.start_drill(items=ITEMS, ms=ITEM_MS)
        screens = [site.watch(name, job) for name in site.webs]
        wait_for(lambda: site.settled(job) > ITEMS // 10, BEGUN_WITHIN_S, "a tenth")

        play_cuts(site, job)

        wait_for(lambda: site.is_whole(job), WHOLE_WITHIN_S, f"the end: {site.log('work1')}")
        assert site.results(job) == (ITEMS, ITEMS)
        assert checks.broken_invariants() == {}
        for name, screen in zip(site.webs, screens, strict=True):
            wait_for(screen.shows_the_end, SHOWN_WITHIN_S, f"the end on {name}")
            screen.end()
            assert screen.last("successCount") == ITEMS
            assert screen.went_back() == []
            assert site.status(name, job) == "completed"


class TestAHostThatIsLost:
    def test_the_database_is_told_to_notice(self, site: Site) -> None:
        with closing(site.connect_from("ccb")) as session:
            assert session.execute("SHOW tcp_keepalives_idle").fetchone() == ("5",)

    @pytest.mark.skipif(not IS_LONG, reason="Waits 11 s for the database; `make chaos` does.")
    def test_the_locks_that_it_held_are_free_soon(self, site: Site) -> None:
        with closing(site.connect_from("ccb")) as session:
            session.execute("SELECT pg_advisory_lock(4711)")
            assert are_held()
            site.host("ccb").cut_off()
            wait_for(lambda: not are_held(), FREE_WITHIN_S, "the lock to be free")
        site.host("ccb").heal()


@pytest.mark.skipif(not IS_LONG, reason="Starts a CC&B and who watches it; `make chaos` does.")
class TestACcbBehindTheNetwork:
    def test_polls_fail_while_it_is_cut_off_and_go_on_afterwards(self, site: Site) -> None:
        wait_for_poll(succeeded=True)
        site.host("ccb").cut_off()
        wait_for_poll(succeeded=False)
        site.host("ccb").heal()
        wait_for_poll(succeeded=True)

    def test_no_two_polls_meet_though_their_hosts_are_cut_off(self, site: Site) -> None:
        wait_for_poll(succeeded=True)
        for name in site.works[:2]:
            cut_off([site.host(name)], seconds=CUT_S[1])
            wait_for_poll(succeeded=True)
        polls = Poll.objects.order_by("started_at").values_list("started_at", "took_s")
        ends = [at + timedelta(seconds=took_s) for at, took_s in polls]
        assert all(end <= at for end, (at, _) in zip(ends, polls[1:], strict=False))


def wait_for_poll(*, succeeded: bool) -> None:
    last = Poll.objects.aggregate(last=Max("pk"))["last"] or 0
    wanted = Poll.objects.filter(pk__gt=last, succeeded=succeeded)
    wait_for(wanted.exists, POLLED_WITHIN_S, f"a poll: {list(Poll.objects.values())[-3:]}")


def are_held() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(LOCKED_SQL)
        return bool(cursor.fetchone()[0])
