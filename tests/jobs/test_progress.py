"""See what an item says of itself reach the screens, and a wish to cancel reach the item."""

import threading
import time
from itertools import pairwise
from typing import Any

import pytest
from django.db import connections

from jobs import lifecycle, progress, runner
from jobs.errors import LostClaim
from jobs.models import Claim, Job
from jobs.progress import NUMBER_MAX, Gauge, Reading
from jobs.runner import run_slice
from jobs.topics import read_job
from tests.jobs.conftest import Make
from tests.waiting import wait_for

pytestmark = [pytest.mark.sql, pytest.mark.django_db]


def said(*reports: tuple[Any, ...]) -> Reading:
    gauge = Gauge(lambda: False)
    with progress.shown_by(gauge):
        for report in reports:
            progress.report(*report)
    assert gauge.reading is not None
    return gauge.reading


def working(job: Job) -> list[dict[str, Any]]:
    facts = read_job(job.pk)
    assert facts is not None
    work: list[dict[str, Any]] = facts["activeWork"]
    return work


class AtWork:
    """A slice in a thread of this process."""

    def __enter__(self) -> "AtWork":
        self.thread = threading.Thread(target=self.work)
        self.thread.start()
        return self

    def work(self) -> None:
        run_slice()
        connections.close_all()

    def __exit__(self, *_: object) -> None:
        self.thread.join(20)
        assert not self.thread.is_alive()


class TestReport:
    @pytest.mark.parametrize(
        ("report", "shown"),
        [
            ((1, 2), Reading(1, 2, "")),
            ((2.9, 10.0, "pages"), Reading(2, 10, "pages")),
            ((-5, -1), Reading(0, None, "")),
            ((1, None), Reading(1, None, "")),
            ((10**400, 10**400), Reading(NUMBER_MAX, NUMBER_MAX, "")),
            ((float("inf"), float("nan")), Reading(NUMBER_MAX, None, "")),
            (("many", []), Reading(0, None, "")),
            ((1, 1, "a\x00b\ud800" + "c" * 500), Reading(1, 1, "ab?" + "c" * 197)),
            ((1, 1, None), Reading(1, 1, "None")),
        ],
    )
    def test_it_takes_whatever_a_type_computes(
        self, report: tuple[Any, ...], shown: Reading
    ) -> None:
        assert said(report) == shown

    def test_it_never_goes_back_but_shows_the_note(self) -> None:
        assert said((5, 10, "a"), (4, 10, "b")) == Reading(5, 10, "b")
        assert said((5, 10), (6, 20, "more found")) == Reading(5, 10, "more found")
        assert said((5, 10), (6, None)) == Reading(5, 10, "")
        assert said((5, None), (4, 10)) == Reading(5, None, "")

    def test_it_goes_on_once_it_has_caught_up(self) -> None:
        assert said((5, 10), (6, 20), (12, 20)) == Reading(12, 20, "")

    def test_outside_an_item_it_does_nothing(self) -> None:
        progress.report(1, 2)

        assert not progress.cancel_wished()


class TestWhatScreensShow:
    def test_a_long_item_is_shown_as_it_goes_and_never_goes_back(self, make: Make) -> None:
        job = make(inline=[{"ms": 1_500}], ms=0)
        seen: list[dict[str, Any]] = []

        with AtWork():
            while job.is_open:
                seen += working(job)
                time.sleep(0.05)
                job.refresh_from_db()

        reports = [one["done"] for one in seen if one["done"] is not None]
        assert len(set(reports)) >= 3
        assert reports == sorted(reports)
        assert len({one["sinceAt"] for one in seen if one["done"]}) == 1
        last = seen[-1]
        assert (last["from"], last["to"], last["position"], last["total"]) == (0, 0, 0, 1_500)
        assert working(job) == []

    def test_it_is_written_no_more_often_than_four_times_a_second(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make(inline=[{"ms": 1_000}], ms=0)
        written: list[float] = []
        show = lifecycle.show_progress

        def noted(*args: Any, **kwargs: Any) -> bool:
            written.append(time.monotonic())
            return show(*args, **kwargs)

        monkeypatch.setattr(lifecycle, "show_progress", noted)
        run_slice()

        pauses = [after - before for before, after in pairwise(written)]
        assert written
        assert all(pause >= 0.25 for pause in pauses)

    def test_the_next_item_of_a_chunk_does_not_inherit_it(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(runner, "size_of", lambda chosen: 2)
        job = make(inline=[{"ms": 600}, {"ms": 90}], ms=0)
        lease = lifecycle.claim_items(job.pk, limit=2, worker="w")
        assert lease is not None
        first = lease.items[0]
        lifecycle.show_progress(
            lease, Reading(3, 6, "half"), item_id=first.id, worked_for=lifecycle.lease_time("items")
        )
        [before] = working(job)
        lifecycle.settle(lease, [lifecycle.Outcome(first.id, "succeeded")], ends=False)

        [after] = working(job)

        assert (before["position"], before["done"], before["note"]) == (0, 3, "half")
        assert (after["position"], after["done"], after["note"]) == (None, None, "")

    def test_items_done_at_once_report_for_all_of_them(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(runner, "size_of", lambda chosen: 3)
        job = make("talking_together", items=3, ms=700)

        with AtWork():
            wait_for(lambda: [one for one in working(job) if one["done"]], 5, "the report")
            [one] = working(job)

        assert (one["from"], one["to"], one["position"]) == (0, 2, None)
        assert (one["done"], one["total"], one["note"]) == (1, 3, "all at once")

    def test_a_lost_lease_shows_nothing_any_more(self, make: Make) -> None:
        job = make(inline=[{}], ms=0)
        lease = lifecycle.claim_items(job.pk, limit=1, worker="w")
        assert lease is not None
        Claim.objects.all().delete()

        with pytest.raises(LostClaim):
            lifecycle.show_progress(
                lease, Reading(1, 2, ""), item_id=None, worked_for=lifecycle.lease_time("items")
            )


class TestCancelInsideAnItem:
    def test_a_long_item_that_asks_ends_cancelled_within_seconds(self, make: Make) -> None:
        job = make(inline=[{"ms": 60_000}, {}], ms=0)
        with AtWork():
            wait_for(lambda: job.items.filter(state="running").exists(), 5, "the item to begin")
            lifecycle.cancel(job.pk, actor="user:x")
            wait_for(lambda: not Job.objects.open().exists(), 6, "the job to end")

        job.refresh_from_db()
        assert (job.state, job.cancelled, job.failed) == ("cancelled", 2, 0)
        assert "as its job was cancelled" in job.items.get(position=0).error
        assert job.items.get(position=0).attempts == 1

    def test_an_item_leased_while_the_job_is_cancelled_is_not_begun(self, make: Make) -> None:
        job = make("deaf", items=1, ms=5_000)
        run = lifecycle.claim_items
        monkey = pytest.MonkeyPatch()

        def after_a_wish(*args: Any, **kwargs: Any) -> Any:
            Job.objects.update(cancel_requested_at="2026-01-01T00:00Z")
            return run(*args, **kwargs)

        with monkey.context() as patched:
            patched.setattr(lifecycle, "claim_items", after_a_wish)
            began_at = time.monotonic()
            run_slice()

        job.refresh_from_db()
        assert (job.state, job.cancelled) == ("cancelled", 1)
        assert time.monotonic() - began_at < 4

    def test_an_item_that_says_so_unasked_has_failed(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(progress, "cancel_wished", lambda: True)
        job = make(inline=[{"ms": 150}, {}], ms=0)

        run_slice()

        job.refresh_from_db()
        assert (job.state, job.failed, job.cancelled) == ("completed_with_errors", 1, 0)
        assert "nobody wished" in job.items.get(position=0).error
