"""Times in the zone that a person chose, and what stays on the site's clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from batchops.models import User
from monitoring.models import Run
from monitoring.states import RunState
from tests.monitoring.stored import stored_run
from tests.people import client_of

pytestmark = pytest.mark.django_db

STARTED_AT = datetime(2020, 3, 10, 20, 30, tzinfo=UTC)  # 02:30 of the next day in Dhaka


@pytest.fixture
def viewer() -> Client:
    return client_of("Viewer")


@pytest.fixture
def run() -> Run:
    return stored_run("CM-DMRU", 1, began_at=STARTED_AT, ended_at=STARTED_AT)


def choose(client: Client, zone: str) -> None:
    answer = client.post("/admin/time-zone/", {"zone": zone, "next": "/admin/runs/"})
    assert answer.headers["Location"] == "/admin/runs/"


class TestChoosing:
    def test_it_is_remembered_and_moves_every_time_of_a_page_but_no_day(
        self, viewer: Client, run: Run
    ) -> None:
        assert ">11 Mar 2020 02:30<" in viewer.get("/admin/runs/").content.decode()

        choose(viewer, "UTC")

        page = viewer.get("/admin/runs/").content.decode()
        assert ">10 Mar 2020 20:30<" in page
        assert 'data-time-zone="UTC"' in page
        assert "Tue 10 Mar 2020 20:30:00 UTC" in page
        assert ">2020-03-10</a>" in page
        assert ">10 Mar 2020 20:30<" in viewer.get("/admin/runs/fragment/").content.decode()
        choose(viewer, "America/New_York")
        assert User.objects.get(username="viewer").time_zone == "America/New_York"
        assert ">10 Mar 2020 16:30<" in viewer.get("/admin/runs/").content.decode()
        choose(viewer, "")
        assert ">11 Mar 2020 02:30<" in viewer.get("/admin/runs/").content.decode()

    def test_files_stay_as_they_are(self, viewer: Client, run: Run) -> None:
        address = "/admin/report/file/csv/?date=2020-03-10"
        before = viewer.get(address).content
        assert b"02:30" in before

        choose(viewer, "UTC")

        assert viewer.get(address).content == before
        assert "20:30" in viewer.get("/admin/report/?date=2020-03-10").content.decode()

    def test_sentences_in_files_stay_as_they_are(self, viewer: Client, run: Run) -> None:
        Run.objects.update(state=RunState.FAILED)
        address = "/admin/report/file/csv/?date=2020-03-10"
        before = viewer.get(address).content
        assert b"Run 1/0 failed at 02:30" in before

        choose(viewer, "UTC")

        assert viewer.get(address).content == before

    def test_hours_of_the_sites_clock_say_that_they_are(self, viewer: Client) -> None:
        assert "05:00 Asia/Dhaka" not in viewer.get("/admin/runs/steps/CM-DMRU/").content.decode()

        choose(viewer, "UTC")

        assert "05:00 Asia/Dhaka" in viewer.get("/admin/runs/steps/CM-DMRU/").content.decode()
        assert ">23:00<" in viewer.get("/admin/").content.decode()

    def test_forms_are_read_on_the_clock_they_show(self) -> None:
        client = client_of("Operator")
        choose(client, "UTC")

        page = client.get("/admin/alerts/silence/add/").content.decode()

        assert page.count("On the clock of UTC.") == 2

    def test_what_is_no_zone_is_refused_and_a_lost_one_is_the_sites(self, viewer: Client) -> None:
        for name in ("Mars/Olympus", "../etc/passwd", "x" * 65):
            assert viewer.post("/admin/time-zone/", {"zone": name}).status_code == 400
        User.objects.update(time_zone="Gone/Zone")

        assert 'data-time-zone="Asia/Dhaka"' in viewer.get("/admin/runs/").content.decode()

    def test_it_leads_nowhere_else(self, viewer: Client) -> None:
        answer = viewer.post("/admin/time-zone/", {"zone": "", "next": "https://evil.example/"})

        assert answer.headers["Location"] == "/admin/"


class TestLogin:
    def test_it_leads_to_today(self) -> None:
        User.objects.create_user("new", password="a long one of words", is_staff=True)

        answer = Client(REMOTE_ADDR="127.0.0.1").post(
            "/admin/login/", {"username": "new", "password": "a long one of words"}
        )

        assert answer.headers["Location"] == "/admin/"
