"""Workers and health: what it says of clusters, queues, polls, channels and the database."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from alerts.models import Channel, ChannelHealth, Delivery, Notice
from batchops.cluster import load
from batchops.cluster.cleaning import Cleaned, note
from batchops.db import database_now
from batchops.models import CleanUp, Heartbeat, LoadSample, User
from batchops.templatetags.batchops import NOTHING
from batchops.web.health.troubles import clock_time
from jobs import lifecycle, outside, registry, retention, sampling, sweep
from jobs.models import Job, JobDay
from jobs.start import Order, checked
from monitoring.models import Poll, Source
from tests.people import client_of, logged_in

pytestmark = [pytest.mark.django_db, pytest.mark.sql]

PARTS = ["workers", "load", "polls", "channels", "storage"]
FIGURES = ("items_waiting", "jobs_waiting", "jobs_running", "workers_busy", "workers")


def beaten(part: str, *, ago_s: float = 0) -> Heartbeat:
    at = database_now() - timedelta(seconds=ago_s)
    rest = {"host": "node-a", "pid": 4711, "workers": 3, "started_at": at}
    return Heartbeat.objects.create(part=part, beat_at=at, **rest)


def polled(*, ago_s: float, error: str = "", offset_s: float = 0) -> Poll:
    at = timezone.now() - timedelta(seconds=ago_s)
    good = {"source_at": at, "source_offset_s": offset_s, "runs_read": 1234, "runs_changed": 7}
    bad = {"error_code": "ccb_unreachable", "error_message": error}
    return Poll.objects.create(
        started_at=at,
        took_s=2.5,
        asked_by="user:ada",
        succeeded=not error,
        **(bad if error else good),
    )


def row(page: str, row_id: str) -> list[str]:
    """Return what the cells of one row say."""
    found = re.search(rf'<tr id="{row_id}">(.*?)</tr>', page, re.DOTALL)
    assert found, row_id
    cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", found[1], re.DOTALL)
    return [" ".join(re.sub(r"<[^>]*>", "", cell).split()) for cell in cells]


def part_of(client: Client, name: str) -> str:
    answer = client.get(f"/admin/health/{name}/fragment/")
    assert answer.status_code == 200
    return str(answer.content.decode())


class TestThePage:
    def test_a_viewer_sees_every_part_by_the_menu_and_each_alone(self) -> None:
        client = client_of("Viewer")
        page = client.get("/admin/health/").content.decode()

        assert re.search(r'href="/admin/health/"[^>]*aria-current="page"', page)
        for part in PARTS:
            assert f'id="health-{part}"' in page
            assert "<html" not in part_of(client, part)
        assert client.get("/admin/health/weather/fragment/").status_code == 404

    def test_who_may_see_health_only_sees_neither_source_nor_channels(self) -> None:
        user = User.objects.create_user("guard", password="x", is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename="view_health"))
        client = logged_in(user)

        page = client.get("/admin/health/").content.decode()

        assert "health-workers" in page
        assert "health-polls" not in page
        assert "health-channels" not in page
        assert client.get("/admin/health/polls/fragment/").status_code == 403

    def test_its_queries_are_as_many_however_much_there_is(self) -> None:
        client = client_of("Viewer")
        client.get("/admin/health/")
        with CaptureQueriesContext(connection) as few:
            client.get("/admin/health/")
        beaten("jobs")
        for n in range(5):
            polled(ago_s=n)
            lifecycle.create(checked(Order(type="drill", params={"items": n}), actor="user:ada"))
            Channel.objects.create(name=f"channel {n}", recipients="ops@example.org")
        with CaptureQueriesContext(connection) as many:
            client.get("/admin/health/")

        assert len(many) == len(few)


class TestWorkers:
    def test_a_living_and_a_dead_cluster_are_told_apart(self) -> None:
        beaten("watch")
        dead = beaten("jobs", ago_s=3600 - 60)

        page = part_of(client_of("Viewer"), "workers")

        assert row(page, "cluster-watch-node-a-4711")[:3] == ["watch", "Alive", "0 s ago"]
        assert row(page, "cluster-jobs-node-a-4711")[:3] == ["jobs", "Unknown", "59 min ago"]
        assert f"has given no sign since {clock_time(dead.beat_at)}" in page
        assert "Start one with `manage.py cluster jobs`" in page
        assert "`manage.py cluster watch`" not in page

    def test_no_heartbeat_is_unknown_and_not_health(self) -> None:
        page = part_of(client_of("Viewer"), "workers")

        assert "No cluster has shown itself" in page
        assert "nothing that stands is repaired" in page
        assert "Alive" not in page

    def test_its_figures_are_those_of_the_rows(self) -> None:
        beaten("jobs")
        now = database_now()
        for ready_s in (-90, -1, 600):
            OrmQ.objects.create(key="jobs", payload="", lock=now + timedelta(seconds=ready_s))
        order = Order(type="drill", params={"items": 12, "ms": 1})
        for _ in range(2):
            job = lifecycle.create(checked(order, actor="user:ada"))
        lease = lifecycle.claim_expansion(job.pk, worker="node-a/1/2")

        page = part_of(client_of("Viewer"), "workers")

        assert lease
        assert row(page, "queue-jobs")[:3] == ["jobs", "2", "1"]
        assert "A call has waited 1m" in page
        assert "makes the list of items" in page
        assert "node-a/1/2" in page
        assert "and those of 2 jobs that count still" in page

    def test_what_ended_lately_is_counted_with_its_items(self) -> None:
        order = Order(type="drill", params={"items": 0})
        for _ in range(2):
            job = lifecycle.create(checked(order, actor="user:ada"))
            lifecycle.cancel(job.pk, actor="user:ada")

        page = part_of(client_of("Viewer"), "workers")

        cells = re.search(r"10 minutes</th>(.*?)</tr>", page, re.DOTALL)
        assert cells
        assert re.findall(r">(\d+)<", cells[1]) == ["2", "0", "0"]


def sampled(at: datetime, *, items: int = 0, busy: int = 0) -> LoadSample:
    figures = {"jobs_waiting": 0, "jobs_running": 1, "workers": 4}
    made = LoadSample(at=at, items_waiting=items, workers_busy=busy, **figures)
    load.note(made)
    return made


def course_of(page: str) -> dict[str, str]:
    """Return the rows of the table of load by the time of day that they begin with."""
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", page, re.DOTALL)
    return {re.sub(r"<[^>]*>", "", one.partition("</th>")[0]): one for one in rows}


class TestLoad:
    def test_it_shows_the_most_of_each_quarter_and_a_gap_where_nobody_looked(self) -> None:
        now = database_now()
        begin = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
        for minute, items, busy in [(0, 7, 4), (14, 1_234, 2), (30, 5, 0)]:
            sampled(begin + timedelta(minutes=minute), items=items, busy=busy)

        rows = course_of(part_of(client_of("Viewer"), "load"))

        assert len(rows) == 96
        first, gap, last = (
            rows[f"{timezone.localtime(begin + timedelta(minutes=n)):%H:%M}"] for n in (0, 15, 30)
        )
        assert re.findall(r">([^<]+)</td>", first) == ["1,234", "0", "1", "4", "4"]
        assert re.findall(r'data-y="([^"]*)"', first) == ["1234 0 49.36", "4 0 4"]
        assert re.findall(r">([^<]+)</td>", gap) == [NOTHING] * 5
        assert "data-y" not in gap
        assert re.findall(r'data-y="([^"]*)"', last) == ["5 0 49.36", "0 0 4"]

    def test_it_says_since_when_something_waits_at_each_look(self) -> None:
        client, now = client_of("Viewer"), database_now()
        assert "Nobody has looked in the last 24 hours" in part_of(client, "load")
        for minutes, items in [(50, 3), (40, 0), (30, 9), (1, 2)]:
            sampled(now - timedelta(minutes=minutes), items=items)
        said = r'There was something to do at each look since <[^>]*datetime="([^"]*)"'
        page = part_of(client, "load")
        found = re.search(said, page)
        assert found
        assert "Nobody has looked" not in page
        assert datetime.fromisoformat(found[1]) == now - timedelta(minutes=30)

        sampled(now, items=0)
        assert "There was something to do" not in part_of(client, "load")

    def test_what_came_after_the_last_look_is_unknown(self) -> None:
        client, last = client_of("Viewer"), database_now() - timedelta(minutes=20)
        sampled(last - timedelta(minutes=1), items=3)
        sampled(last, items=3)

        page = part_of(client, "load")

        assert "What there is to do is unknown since the last look:" in page
        assert f'datetime="{last.isoformat()}"' in page.replace("Z", "+00:00")
        assert "There was something to do" not in page

    def test_a_look_keeps_what_waits_and_who_works(self) -> None:
        beaten("jobs")
        beaten("watch")
        order = Order(type="drill", params={"items": 12, "ms": 1})
        first, _ = (lifecycle.create(checked(order, actor="user:ada")) for _ in range(2))
        lease = lifecycle.claim_expansion(first.pk, worker="node-a/1/2")
        assert lease
        lifecycle.add_items(lease, list(registry.find("drill").items(first, 0)), start=0)
        lifecycle.close_expansion(lease)
        assert lifecycle.claim_items(first.pk, limit=3, worker="node-a/1/2")

        sampling.sample()

        [sample] = LoadSample.objects.all()
        assert (sample.items_waiting, sample.jobs_waiting, sample.jobs_running) == (12, 1, 1)
        assert (sample.workers_busy, sample.workers) == (1, 3)
        assert sample.at.second == 0
        load.note(LoadSample(at=sample.at, **dict.fromkeys(FIGURES, 99)))
        assert LoadSample.objects.get().items_waiting == 12

    def test_a_program_outside_is_none_of_the_workers(self) -> None:
        beaten("jobs")
        order = Order(type="external", params={}, items=[{}, {}])
        job = lifecycle.create(checked(order, actor="user:ada"))
        assert outside.take(job, limit=1, actor="user:ada")

        sampling.sample()

        assert LoadSample.objects.get().workers_busy == 0

    def test_looks_are_kept_for_a_week(self) -> None:
        now = database_now()
        kept = sampled(now - timedelta(days=6))
        sampled(now - timedelta(days=8))

        sampling.sample()

        assert list(LoadSample.objects.order_by("at"))[:-1] == [kept]


class TestSource:
    @pytest.fixture(autouse=True)
    def configured(self, settings) -> None:
        settings.CCB_URL = "postgresql://127.0.0.1/ccb"
        settings.CCB_CLOCK_SPEED = 1

    def test_each_poll_says_how_it_went(self) -> None:
        good = polled(ago_s=30, offset_s=-185)
        bad = polled(ago_s=10, error="CC&B did not answer within 60 s.")

        page = part_of(client_of("Viewer"), "polls")

        assert row(page, f"poll-{good.pk}")[1:7] == [
            "Read",
            "2.5 s",
            "1,234",
            "7",
            "3m 5s behind",
            "ada",
        ]
        assert row(page, f"poll-{bad.pk}")[1:5] == ["Failed", "2.5 s", NOTHING, NOTHING]
        assert "The last poll failed: CC&amp;B did not answer within 60 s." in page
        assert "clock and ours are 3m 5s apart" in page

    def test_a_source_not_read_for_long_is_unknown(self) -> None:
        polled(ago_s=7200)

        page = part_of(client_of("Viewer"), "polls")

        assert "CC&amp;B was last read 2 h ago, which is too long ago" in page
        assert "press Poll now" in page

    def test_a_refused_login_says_that_no_poll_tries_again(self) -> None:
        at = timezone.now()
        Source.objects.update_or_create(
            pk=1, defaults={"circuit_opened_at": at, "circuit_message": "ORA-01017"}
        )

        page = part_of(client_of("Viewer"), "polls")

        assert "refused the login 0 s ago (ORA-01017)" in page
        assert "none will come" in page


class TestChannels:
    def test_one_that_fails_says_why_and_what_waits(self, settings) -> None:
        settings.EMAIL_HOST, settings.DEFAULT_FROM_EMAIL = "mail.test", "b@example.org"
        channel = Channel.objects.create(name="night shift", recipients="ops@example.org")
        at = timezone.now()
        ChannelHealth.objects.create(
            channel=channel, failures=5, failing_since=at, sentence="The server closed the door."
        )
        for n, state in enumerate(["pending", "failed", "given_up"]):
            notice = Notice.objects.create(key=f"k{n}", subject="x", created_at=at)
            Delivery.objects.create(
                notice=notice,
                channel=channel,
                kind="notice",
                state=state,
                next_try_at=at,
                give_up_at=at,
                created_at=at - timedelta(minutes=5),
                given_up_at=at if state == "given_up" else None,
            )

        page = part_of(client_of("Viewer"), "channels")

        cells = row(page, f"channel-{channel.pk}")
        assert cells == [
            "night shift",
            "Does not get through",
            "not yet",
            "2",
            "0",
            "5 min ago",
            "1",
        ]
        assert "does not get through: The server closed the door." in page
        assert "1 messages of night shift were given up" in page
        assert "ops@example.org" not in page


class TestStorage:
    def test_it_tells_sizes_and_what_is_kept(self) -> None:
        lifecycle.create(checked(Order(type="drill", params={"items": 1}), actor="user:ada"))
        Job.objects.update(created_at="2026-02-03T12:00Z")
        counts = ("started", "completed", "completed_with_errors", "failed", "cancelled")
        sums = ("items_succeeded", "items_failed", "seconds_sum")
        JobDay.objects.create(date="2026-01-05", **dict.fromkeys((*counts, *sums), 1))
        page = part_of(client_of("Viewer"), "storage")

        assert connection.settings_dict["NAME"] in page
        assert re.search(r"\d+ of \d+", page)
        said = " ".join(re.sub(r"<[^>]*>", "", page).split())
        assert "Jobs with their events and summaries 3 years 2026-02-03" in said
        assert "Daily figures of jobs for ever 2026-01-05" in said

    def test_connections_that_run_out_are_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        said = "connections of the database server are in use; when none is left"
        client = client_of("Viewer")
        assert said not in part_of(client, "storage")

        monkeypatch.setattr("batchops.sizes.CROWDED_PCT", 0)
        assert said in part_of(client, "storage")

    def test_a_clean_up_is_unknown_then_done_then_overdue(self) -> None:
        client = client_of("Viewer")
        assert "Jobs: no clean-up has been finished yet" in part_of(client, "storage")

        retention.remove_old()
        page = part_of(client, "storage")
        assert "Jobs: " not in page
        assert re.search(r"next in <time[^>]*>[45]:\d\d<", page)
        assert "nothing was too old yet" in page

        note(retention.LOCK, Cleaned(0, True), at=timezone.now() - timedelta(hours=3))
        page = part_of(client, "storage")
        assert "Jobs: what is too old was last removed 3 h ago" in page
        assert ", overdue: the 'watch' cluster does it while it runs" in page

    def test_one_that_an_older_release_noted_is_no_riddle(self) -> None:
        CleanUp.objects.create(name=retention.LOCK, done_at=timezone.now() - timedelta(minutes=2))
        page = " ".join(re.sub(r"<[^>]*>", "", part_of(client_of("Viewer"), "storage")).split())
        assert re.search(r"cleaned up 2 min ago, next in [23]:\d\d; nothing was too old yet", page)

    def test_slices_of_one_clean_up_count_together(self) -> None:
        client, now = client_of("Viewer"), timezone.now()
        for second, (removed, all_gone) in enumerate([(1_000, True), (5, False), (0, False)]):
            note(retention.LOCK, Cleaned(removed, all_gone), at=now + timedelta(seconds=second))
        assert "goes on now; 5 removed" in part_of(client, "storage")

        note(retention.LOCK, Cleaned(1_200, True), at=now + timedelta(seconds=3))
        assert re.search("next in .*; 1,205 removed", part_of(client, "storage"))

    def test_the_sweep_tells_of_files(self) -> None:
        client = client_of("Viewer")
        assert "Files: no clean-up has been finished yet" in part_of(client, "storage")

        sweep.sweep()
        page = part_of(client, "storage")
        assert "Files: " not in page
        assert "Uploads that no job took" in page
