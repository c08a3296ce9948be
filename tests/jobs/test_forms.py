"""Start jobs by the forms that are made from their types."""

import re
from typing import Any

import pytest
from django.test import Client

from jobs.models import Job, JobItem

pytestmark = pytest.mark.django_db

DRILL = "/admin/jobs/new/drill/"


def filled(client: Client, path: str = DRILL, **values: Any) -> dict[str, Any]:
    """Return what a browser would send for the form at `path`, with some values changed."""
    page = client.get(path).content.decode()
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key
    return {
        "key": key[1],
        "priority": 0,
        "param-items": 3,
        "param-ms": 0,
        "param-failPercent": 0,
        **values,
    }


class TestForm:
    def test_asks_for_what_the_type_says(self, client: Client) -> None:
        page = client.get(DRILL).content.decode()

        assert "Milliseconds an item" in page
        assert "0 to 60,000" in page
        assert 'name="items"' in page

    def test_each_type_is_offered(self, client: Client) -> None:
        page = client.get("/admin/jobs/new/").content.decode()

        assert f'href="{DRILL}"' in page

    def test_of_an_unknown_type_is_not_found(self, client: Client) -> None:
        assert client.get("/admin/jobs/new/nothing/").status_code == 404


class TestStart:
    def test_stores_the_job_and_shows_it(self, client: Client) -> None:
        sent = filled(client, title="canary", campaign="c-1", priority=5)

        answer = client.post(DRILL, sent, follow=True)

        job = Job.objects.get()
        assert answer.redirect_chain[0][0] == f"/admin/jobs/{job.pk}/"
        assert "canary" in answer.content.decode()
        assert (job.campaign_id, job.priority, job.params["items"]) == ("c-1", 5, 3)

    def test_sent_twice_makes_one_job(self, client: Client) -> None:
        sent = filled(client)

        first, second = client.post(DRILL, sent), client.post(DRILL, sent)

        assert first["Location"] == second["Location"]
        assert Job.objects.count() == 1

    def test_changed_after_it_was_sent_asks_before_it_makes_another(self, client: Client) -> None:
        sent = filled(client)
        client.post(DRILL, sent)

        answer = client.post(DRILL, {**sent, "title": "second"})
        key = re.search(r'name="key" value="([^"]+)"', page := answer.content.decode())

        assert answer.status_code == 422
        assert "This form started a job already" in page
        assert Job.objects.count() == 1
        assert key
        client.post(DRILL, {**sent, "title": "second", "key": key[1]})
        assert Job.objects.filter(title="second").exists()

    @pytest.mark.parametrize(
        ("name", "value", "said"),
        [
            ("param-items", 10**9, "Must be 0 to 1,000,000."),
            ("param-ms", -1, "Must be 0 to 60,000."),
            ("param-failPercent", "x", "Must be a whole number."),
            ("priority", 101, "Must be -100 to 100."),
            ("campaign", "a b", "Only letters, digits"),
            ("title", "x" * 201, "at most 200 characters"),
            ("title", "a\x00b", "Null characters are not allowed"),
            ("items", "label;fails\na;perhaps", "boolean"),
            ("items", "label;fails\na;true;1", "Line 2 has 3 cells"),
            ("items", 'label;fails\n"a;true', "no table that can be read"),
            ("items", "x\n" * 1001, "1,001 items are too many"),
            ("items", "x" * 101, "no more than 100 characters"),
        ],
    )
    def test_bad_input_is_named_beside_its_field_and_stores_nothing(
        self, client: Client, name: str, value: Any, said: str
    ) -> None:
        answer = client.post(DRILL, filled(client, **{name: value}))

        assert answer.status_code == 400
        field = answer.context["form"][name]
        assert said in str(field.errors), answer.context["form"].errors
        assert not Job.objects.exists()

    def test_all_that_is_wrong_shows_at_once_and_the_first_has_the_focus(
        self, client: Client
    ) -> None:
        wrong: dict[str, Any] = {
            "param-items": -5,
            "items": "label;fails\na;perhaps",
            "priority": 999,
        }

        answer = client.post(DRILL, filled(client, **wrong))

        page = answer.content.decode()
        assert set(answer.context["form"].errors) == set(wrong)
        assert page.count('aria-invalid="true"') == 3
        assert [tag for tag in re.findall("<[^>]+>", page) if "autofocus" in tag] == re.findall(
            '<input[^>]+name="param-items"[^>]*>', page
        )
        assert re.search('href="#id_priority">Priority</a>', page)

    def test_without_workers_says_so(self, client: Client) -> None:
        from batchops.models import Heartbeat

        sent = filled(client)
        Heartbeat.objects.all().delete()

        answer = client.post(DRILL, sent)

        assert answer.status_code == 503
        assert "No worker of the jobs cluster is running" in answer.content.decode()

    def test_while_one_of_its_kind_runs_shows_who_holds_it(self, client: Client) -> None:
        path = "/admin/jobs/new/alone/"
        client.post(path, filled(client, path, title="The first"))

        answer = client.post(path, filled(client, path))

        page = answer.content.decode()
        assert answer.status_code == 409
        assert "Started by you" in page
        assert f'href="/admin/jobs/{Job.objects.get().pk}/"' in page


class TestPastedItems:
    @pytest.mark.parametrize(
        ("text", "params"),
        [
            ("a\n\n b \n", [{"label": "a"}, {"label": "b"}]),
            ("label,fails\na,true\nb,", [{"label": "a", "fails": True}, {"label": "b"}]),
            ("ms\tlabel\n5\tx; y\n", [{"ms": 5, "label": "x; y"}]),
            ('"label";ms\n"a;b";1\n;\n', [{"label": "a;b", "ms": 1}]),
            ("label\nnext\x85el", [{"label": "next\x85el"}]),
        ],
    )
    def test_are_lines_or_a_table(
        self, client: Client, text: str, params: list[dict[str, Any]]
    ) -> None:
        client.post(DRILL, filled(client, items=text))

        items = JobItem.objects.order_by("position")
        assert [item.params for item in items] == params
