"""How people switch and tune rules in the admin."""

import pytest

from monitoring.lifecycle import seed_workflow
from monitoring.models import RuleSetting, Step
from monitoring.rules.catalogue import KINDS
from tests.people import client_of

pytestmark = pytest.mark.django_db
LIST = "/admin/monitoring/rulesetting/"


def of(rule: str) -> RuleSetting:
    return RuleSetting.objects.get(rule=rule, step=None)


def address(setting: RuleSetting) -> str:
    return f"{LIST}{setting.pk}/change/"


class TestFirstData:
    def test_each_rule_has_its_setting_and_keeps_what_people_set(self) -> None:
        RuleSetting.objects.filter(rule="STUCK").update(enabled=False)
        of("TOO_FAST").delete()

        seed_workflow()

        assert {s.rule for s in RuleSetting.objects.filter(step=None)} == set(KINDS)
        assert not of("STUCK").enabled
        assert of("LOW_RECORDS").thresholds == {"usual_pct": 50, "enough_runs": 20}


class TestAdmin:
    def test_the_list_says_thresholds_with_their_units(self) -> None:
        page = client_of("Supervisor").get(LIST).content.decode()

        assert "Share of what is usual: 50 %; Enough comparable runs: 20 runs" in page
        assert "all steps" in page

    def test_a_threshold_is_a_field_with_its_unit_and_limits(self) -> None:
        client, setting = client_of("Supervisor"), of("LOW_THROUGHPUT")
        form = {"enabled": "on", "record_only": "on", "usual_pct": 40, "polls": 3}

        page = client.get(address(setting)).content.decode()
        bad = client.post(address(setting), {**form, "usual_pct": 101})
        good = client.post(address(setting), form)

        setting.refresh_from_db()
        assert "Polls in a row (polls)" in page
        assert "less than or equal to 100" in bad.content.decode()
        assert good.status_code == 302
        assert setting.record_only
        assert setting.thresholds == {"usual_pct": 40, "polls": 3}  # enough_runs as the catalogue

    def test_a_steps_own_is_made_in_two_pages_and_once(self) -> None:
        client, step = client_of("Supervisor"), Step.objects.get(batch_code="CM_BSGGN")
        form = {"rule": "STUCK", "step": step.pk, "enabled": "on"}

        first = client.post(f"{LIST}add/", form)
        own = RuleSetting.objects.get(step=step)
        second = client.post(f"{LIST}add/", form)
        saved = client.post(address(own), {"enabled": "on", "stuck_minutes": 90})

        own.refresh_from_db()
        assert first["Location"] == address(own)
        assert "has a setting for this step already" in second.content.decode()
        assert (saved.status_code, own.thresholds) == (302, {"stuck_minutes": 90})

    def test_only_a_steps_own_can_be_removed(self) -> None:
        client, step = client_of("Supervisor"), Step.objects.get(batch_code="CM_BSGGN")
        own = RuleSetting.objects.create(rule="STUCK", step=step)

        refused = client.post(f"{LIST}{of('STUCK').pk}/delete/", {"post": "yes"})
        removed = client.post(f"{LIST}{own.pk}/delete/", {"post": "yes"})

        assert (refused.status_code, removed.status_code) == (403, 302)
        assert not RuleSetting.objects.filter(pk=own.pk).exists()

    def test_an_operator_sees_and_sets_nothing(self) -> None:
        assert client_of("Operator").get(address(of("STUCK"))).status_code == 403
