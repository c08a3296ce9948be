"""Take a running site apart while its workers work: each job ends, each item exactly once."""

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from batchops.house.places import remove
from tests.alerts.mailbox import Mailbox, serving
from tests.chaos.environment import SETTINGS
from tests.chaos.faults import EVERYWHERE
from tests.chaos.judge import Judge
from tests.chaos.plan import Play, chaos_plan
from tests.embedded import temporary_folder
from tests.faults.site import Site
from tests.house.running import left_over
from tests.waiting import wait_for

# A machine that does much else besides may take a minute to start a site.
pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]

ITEMS = 5_000
HEALS_WITHIN_S = 15
OTHERS_SQL = "SELECT 1 FROM batchops_heartbeat WHERE part = 'jobs' AND pid <> ALL(%s) LIMIT 1"
# What heals in less time than the whole site takes to start; `make chaos` does the rest as well.
SHORT_SEED = 1
QUICK = ("kill web", "kill jobs", "freeze", "drop LISTEN", "drop session", "shift clock")


@pytest.fixture(scope="module")
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture(scope="module")
def site(mailbox: Mailbox, django_db_blocker: Any) -> Iterator[Site]:
    folder = temporary_folder()
    try:
        with django_db_blocker.unblock(), serving(mailbox) as port:
            own = {"SMTP_PORT": str(port), "JOBS_WORKERS": "2"}
            running = Site(folder / "site", settings={**SETTINGS, **own})
            yield running
            running.up.end(signal.SIGTERM)
    finally:
        for process in left_over(folder):
            process.kill()
        remove(folder / "site")
        remove(folder)


def require_whole(site: Site, job: str, items: int) -> None:
    wait_for(lambda: site.is_whole(job), 45, f"the job to end: {site.up.output()}")
    assert site.status(job) == "completed"
    assert site.results(job) == (items, items)
    assert site.broken_invariants() == {}


def replaced(site: Site, before: list[psutil.Process]) -> bool:
    """Tell whether none of these processes is left and as many others are there.

    To look at all processes of the machine takes long, so somebody else must have beaten first.
    """
    if not site.ask(OTHERS_SQL, [process.pid for process in before]):
        return False
    now = site.cluster()
    return len(now) == len(before) and not set(now) & set(before)


class TestAKilledPartOfTheJobsCluster:
    @pytest.mark.parametrize("role", ["worker", "monitor", "pusher", "sentinel", "main"])
    def test_the_next_job_is_done_within_seconds(self, site: Site, role: str) -> None:
        require_whole(site, site.start_drill(items=10, ms=0), 10)  # so that the workers idle
        before = site.cluster()
        # The main process ends with 70 when another part of the cluster was killed.
        told = f"jobs {'was killed by signal 9' if role == 'main' else 'ended with code 70'}"
        deaths = site.up.output().count(told)
        killed_at = time.monotonic()
        site.cluster(role)[0].kill()

        caught = site.start_drill(items=10, ms=0)  # at once, for the dying cluster to take
        wait_for(lambda: replaced(site, before), HEALS_WITHIN_S, "another cluster")
        following = site.start_drill(items=10, ms=0)
        wait_for(lambda: site.is_whole(following), HEALS_WITHIN_S, "the job after it")
        wait_for(lambda: site.is_whole(caught), HEALS_WITHIN_S, "the job that met the death")

        assert time.monotonic() - killed_at < HEALS_WITHIN_S
        assert site.up.output().count(told) == deaths + 1
        require_whole(site, following, 10)


class TestAJobUnderWay:
    def test_it_ends_though_the_database_its_cluster_and_up_are_killed_one_after_the_other(
        self, site: Site
    ) -> None:
        job = site.start_drill(items=ITEMS, ms=1)
        clusters, done = site.cluster("main"), self.more_done(site, job, since=0)
        self.stop_database(site)
        done = self.more_done(site, job, since=done)
        assert site.cluster("main") == clusters  # the same has found the server again

        for group in {os.getpgid(process.pid) for process in site.cluster()}:
            os.killpg(group, signal.SIGKILL)
        self.more_done(site, job, since=done)

        site.up.end(signal.SIGKILL)
        site.start()
        require_whole(site, job, ITEMS)

    def more_done(self, site: Site, job: str, *, since: int) -> int:
        """See the job go on, far from its end, and return how many of its items are settled."""
        wait_for(lambda: site.settled(job) > since + ITEMS // 20, 45, site.up.output())
        done = site.settled(job)
        assert 0 < done < ITEMS
        return done

    def stop_database(self, site: Site) -> None:
        server = site.up.postmaster()
        server.send_signal(signal.SIGQUIT)
        server.wait(10)


class TestNoConnectionLeft:
    def test_who_asks_is_told_to_wait_and_the_job_goes_on_afterwards(self, site: Site) -> None:
        job = site.start_drill(items=ITEMS, ms=1)
        wait_for(lambda: site.settled(job) > 0, 30, "the job to begin")

        held = site.take_all_connections()
        status, answer = site.request("GET", f"/api/batch-jobs/{job}")
        done = site.settled(job)
        for one in held:
            one.close()

        assert status == 503
        assert answer["error"] == "unavailable", answer
        assert answer["message"].endswith(".")
        assert done < ITEMS
        require_whole(site, job, ITEMS)


class TestMixedLife:
    def test_a_short_plan_of_it_breaks_nothing(self, site: Site, mailbox: Mailbox) -> None:
        faults = {name: EVERYWHERE[name] for name in QUICK}
        plan = chaos_plan(SHORT_SEED, steps=10, faults=faults)

        report = Play(site, Judge(site, mailbox), faults).run(plan)

        assert report.broken == {}, report
        assert report.seen["results of items"]
        assert report.seen["frames"]
