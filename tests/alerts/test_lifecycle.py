"""How alerts move, and which moves cannot be made."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from alerts import history, lifecycle, queries
from alerts.errors import AlertNotFound, AlertResolved, NotByHand
from alerts.models import Alert
from alerts.states import Severity
from batchops.errors import InvalidInput
from tests.alerts.findings import AT, finding, opened

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(minutes=5)
TOMORROW = AT + timedelta(days=1)


def verbs(alert: Alert) -> list[str]:
    return list(alert.events.order_by("id").values_list("verb", flat=True))


class TestReconcile:
    def test_it_opens_what_is_found_and_resolves_what_is_not(self) -> None:
        lifecycle.reconcile("FAILED", [finding("a"), finding("b")], at=AT, actor="system:test")

        outcome = lifecycle.reconcile(
            "FAILED", [finding("b"), finding("c")], at=LATER, actor="system:test"
        )

        assert (outcome.opened, outcome.resolved) == (1, 1)
        assert set(Alert.objects.active().values_list("key", flat=True)) == {"b", "c"}
        assert Alert.objects.get(key="a").resolved_at == LATER

    def test_twice_changes_nothing(self) -> None:
        alert = opened()

        outcome = lifecycle.reconcile("FAILED", [finding()], at=LATER, actor="system:test")

        assert not outcome
        assert verbs(alert) == ["opened"]

    def test_it_leaves_other_rules_alone(self) -> None:
        alert = opened("FAILED")

        lifecycle.reconcile("STUCK", [], at=LATER, actor="system:test")

        alert.refresh_from_db()
        assert alert.state == "open"

    def test_it_raises_but_never_lowers_the_severity(self) -> None:
        alert = opened("DEADLINE_AT_RISK", severity=Severity.WARNING)

        for severity in (Severity.CRITICAL, Severity.INFO):
            found = finding(severity=severity, message="now 85 %")
            lifecycle.reconcile("DEADLINE_AT_RISK", [found], at=LATER, actor="system:test")

        alert.refresh_from_db()
        assert (alert.severity, alert.message) == ("CRITICAL", "now 85 %")
        assert verbs(alert) == ["opened", "raised"]

    def test_what_got_worse_is_open_again(self) -> None:
        alert = opened("DEADLINE_AT_RISK", severity=Severity.WARNING)
        lifecycle.acknowledge(alert.pk, at=AT, actor="user:a", note="seen", until=TOMORROW)

        for _ in "ab":
            lifecycle.reconcile("DEADLINE_AT_RISK", [finding()], at=LATER, actor="system:test")

        alert.refresh_from_db()
        assert (alert.state, alert.acknowledged_by, alert.acknowledged_until) == ("open", "", None)
        assert verbs(alert) == ["opened", "acknowledged", "raised"]
        told = history.lines(alert.events.filter(verb="raised"))[0].change
        assert told.startswith("from Warning to Critical, so it is open again; before, a had it")
        assert queries.count_open().total == 1

    def test_it_resolves_acknowledged_ones_too_and_keeps_who_had_them(self) -> None:
        alert = opened()
        lifecycle.acknowledge(alert.pk, at=AT, actor="user:a")

        lifecycle.reconcile("FAILED", [], at=LATER, actor="system:test")

        alert.refresh_from_db()
        assert (alert.state, alert.acknowledged_by) == ("resolved", "user:a")

    def test_a_resolved_one_never_reopens(self) -> None:
        first = opened()
        lifecycle.reconcile("FAILED", [], at=LATER, actor="system:test")

        second = opened()

        assert second.pk != first.pk
        assert second.previous == first

    def test_another_occurrence_is_another_alert(self) -> None:
        first = opened(occurrence="05:30")

        lifecycle.reconcile("FAILED", [finding(occurrence="06:10")], at=LATER, actor="system:test")

        first.refresh_from_db()
        assert first.state == "resolved"
        assert Alert.objects.active().get().previous == first

    def test_what_was_resolved_by_hand_stays_so(self) -> None:
        alert = opened("LOW_RECORDS")
        lifecycle.resolve(alert.pk, at=AT, actor="user:a", note="a holiday")

        outcome = lifecycle.reconcile("LOW_RECORDS", [finding()], at=LATER, actor="system:test")

        assert not outcome

    def test_gone_in_between_it_is_a_new_one(self) -> None:
        first = opened("UNKNOWN_STATUS", key="xx")
        lifecycle.resolve(first.pk, at=AT, actor="user:a", note="seen")
        others = [finding("yy")]
        lifecycle.reconcile("UNKNOWN_STATUS", [finding("xx")], at=AT, actor="system:test")
        lifecycle.reconcile_keys(
            "UNKNOWN_STATUS", others, judged={"yy": ""}, at=AT, actor="system:test"
        )
        first.refresh_from_db()
        assert first.is_held

        lifecycle.reconcile("UNKNOWN_STATUS", [], at=AT, actor="system:test")
        lifecycle.reconcile("UNKNOWN_STATUS", [finding("xx")], at=LATER, actor="system:test")

        assert Alert.objects.active().get().previous == first


class TestAcknowledge:
    def test_it_records_who_until_when_and_why(self) -> None:
        alert = opened()

        changed = lifecycle.acknowledge(
            alert.pk, at=AT, actor="user:a", note="restarting", until=TOMORROW
        )

        alert.refresh_from_db()
        assert changed
        assert (alert.state, alert.acknowledged_by) == ("acknowledged", "user:a")
        assert (alert.acknowledged_until, alert.acknowledged_note) == (TOMORROW, "restarting")
        assert alert.events.get(verb="acknowledged").note == "restarting"

    def test_the_same_once_more_changes_nothing(self) -> None:
        alert = opened()
        lifecycle.acknowledge(alert.pk, at=AT, actor="user:a", note="mine")

        changed = lifecycle.acknowledge(alert.pk, at=LATER, actor="user:a")

        alert.refresh_from_db()
        assert not changed
        assert alert.acknowledged_at == AT
        assert verbs(alert) == ["opened", "acknowledged"]

    def test_another_person_takes_over_and_another_until_extends(self) -> None:
        alert = opened()
        lifecycle.acknowledge(alert.pk, at=AT, actor="user:a")

        lifecycle.acknowledge(alert.pk, at=LATER, actor="user:b")
        lifecycle.acknowledge(alert.pk, at=LATER, actor="user:b", until=TOMORROW)
        lifecycle.acknowledge(alert.pk, at=LATER, actor="user:b", until=TOMORROW, note="on it")

        assert verbs(alert) == ["opened", "acknowledged", "taken over", "extended", "noted"]

    def test_an_until_that_is_left_out_stays_with_its_holder_only(self) -> None:
        alert = opened()
        lifecycle.acknowledge(alert.pk, at=AT, actor="user:a", until=TOMORROW)

        changed = lifecycle.acknowledge(alert.pk, at=LATER, actor="user:a")
        alert.refresh_from_db()
        assert (changed, alert.acknowledged_until) == (False, TOMORROW)
        lifecycle.acknowledge(alert.pk, at=LATER, actor="user:b")

        alert.refresh_from_db()
        assert alert.acknowledged_until is None

    def test_it_refuses_a_resolved_one(self) -> None:
        alert = opened()
        lifecycle.reconcile("FAILED", [], at=AT, actor="system:test")

        with pytest.raises(AlertResolved):
            lifecycle.acknowledge(alert.pk, at=LATER, actor="user:a")

        assert verbs(alert) == ["opened", "resolved"]

    def test_it_refuses_a_moment_that_is_past(self) -> None:
        with pytest.raises(InvalidInput):
            lifecycle.acknowledge(opened().pk, at=LATER, actor="user:a", until=AT)

    def test_it_refuses_what_does_not_exist(self) -> None:
        with pytest.raises(AlertNotFound):
            lifecycle.acknowledge(999_999, at=AT, actor="user:a")


class TestExpire:
    def test_it_opens_again_when_until_is_over(self) -> None:
        alert, forever = opened(), opened(key="other")
        lifecycle.acknowledge(alert.pk, at=AT, actor="user:a", until=LATER)
        lifecycle.acknowledge(forever.pk, at=AT, actor="user:a")

        too_early = lifecycle.expire_acknowledgements(
            at=LATER - timedelta(seconds=1), actor="system:watch"
        )
        expired = lifecycle.expire_acknowledgements(at=LATER, actor="system:watch")

        alert.refresh_from_db()
        assert (too_early, expired) == (0, 1)
        assert (alert.state, alert.acknowledged_by) == ("open", "")
        assert verbs(alert)[-1] == "expired"


class TestResolve:
    def test_it_refuses_what_its_rule_still_watches(self) -> None:
        alert = opened("FAILED")

        with pytest.raises(NotByHand):
            lifecycle.resolve(alert.pk, at=AT, actor="user:a", note="enough")

        alert.refresh_from_db()
        assert alert.state == "open"


class TestDatabase:
    def test_it_holds_one_active_alert_per_rule_and_key(self) -> None:
        alert = opened()
        alert.pk = None

        with pytest.raises(IntegrityError), transaction.atomic():
            Alert.objects.bulk_create([alert])

    def test_it_holds_state_and_times_together(self) -> None:
        alert = opened()

        with pytest.raises(IntegrityError), transaction.atomic():
            Alert.objects.filter(pk=alert.pk).update(resolved_at=AT)

    def test_it_holds_the_longest_rest(self) -> None:
        alert = opened()
        lifecycle.acknowledge(alert.pk, at=AT, actor="user:a", until=TOMORROW)

        with pytest.raises(IntegrityError), transaction.atomic():
            Alert.objects.filter(pk=alert.pk).update(acknowledged_until=AT + timedelta(days=400))

    def test_older_sql_finds_what_waits(self) -> None:
        waiting, taken, over = opened(key="a"), opened(key="b"), opened(key="c")
        lifecycle.acknowledge(taken.pk, at=AT, actor="user:a")
        lifecycle.reconcile("FAILED", [finding("a"), finding("b")], at=AT, actor="system:test")

        rows = Alert.objects.raw("SELECT * FROM batch_monitoring_alerts WHERE acknowledged = false")

        assert [row.pk for row in rows] == [waiting.pk]
        assert Alert.objects.get(pk=over.pk).state == "resolved"
