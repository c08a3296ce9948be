"""Breadcrumbs: every page leads back to those above it."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from batchops.web.frame import MENU
from jobs.models import Job
from monitoring.models import Step
from tests.people import client_of

pytestmark = pytest.mark.django_db

CRUMBS = re.compile(r'<ol class="crumbs">(.*?)</ol>', re.DOTALL)


def crumbs_of(page: str) -> list[str]:
    found = CRUMBS.search(page)
    assert found, "the page has no crumbs"
    items = re.findall(r"<li.*?</li>", found[1], re.DOTALL)
    return [re.sub(r"<[^>]*>", "", item).strip() for item in items]


def test_every_place_of_the_menu_has_them() -> None:
    client = client_of("Administrator")
    places = [place for _group, places in MENU for place in places]
    places = [place for place in places if place.route not in ("admin:index", "api-docs")]

    for place in places:
        page = client.get(reverse(place.route)).content.decode()
        assert crumbs_of(page)[0] == "Home"
        assert len(crumbs_of(page)) == 2


def test_deeper_pages_name_those_above() -> None:
    client = client_of("Administrator")
    job = Job.objects.create(type="drill", title="Letters", created_by="user:x")

    def crumbs(path: str) -> list[str]:
        return crumbs_of(client.get(path).content.decode())

    assert crumbs(f"/admin/jobs/{job.pk}/") == ["Home", "Batch jobs", "Letters"]
    assert crumbs(f"/admin/jobs/{job.pk}/cancel/")[2:] == ["Letters", "Cancel this job?"]
    assert crumbs("/admin/jobs/new/drill/")[1:3] == ["Batch jobs", "New job"]
    assert crumbs("/admin/monitoring/step/") == ["Home", "Settings", "Workflow steps"]
    step = Step.objects.get(batch_code="CM-DMRU")
    assert crumbs(f"/admin/monitoring/step/{step.pk}/change/")[2:] == ["Workflow steps", "CM-DMRU"]
    assert crumbs("/admin/runs/steps/CM-DMRU/")[:2] == ["Home", "Runs"]
