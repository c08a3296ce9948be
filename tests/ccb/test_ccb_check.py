from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from batchops.ccb.checks import Site, judge, statements_for
from batchops.ccb.source import parse_source
from monitoring.lifecycle import seed_workflow
from monitoring.models import Step
from tests.ccb.conftest import ZONE, at

pytestmark = [pytest.mark.sql, pytest.mark.processes, pytest.mark.django_db]
ORACLE = parse_source("oracle://batchops:secret@db:1521/CCB")


def check(settings, url: str) -> str:
    settings.CCB_URL = url
    output = StringIO()
    try:
        call_command("ccb_check", stdout=output)
    except CommandError as error:
        return f"{output.getvalue()}exit 1: {error}"
    return output.getvalue()


class TestCommand:
    def test_it_prints_a_verdict_per_line_for_a_readable_source(self, ccb, settings):
        simulator = ccb.simulator()
        simulator.advance(to=at(13))
        simulator.close()

        said = check(settings, ccb.reader_url)

        lines = said.splitlines()
        assert {line.split()[0] for line in lines[1:-1]} <= {"ok", "look"}
        assert any(line.startswith("ok      RUN_STATUS: 20 1 times") for line in lines)
        assert "ok      read-only: grants: SELECT on 29 tables, nothing else" in lines
        assert lines[-1].endswith("to look at.")

    def test_a_missing_grant_is_named_and_the_other_checks_go_on(self, ccb, settings):
        ccb.execute(f"REVOKE SELECT ON CI_BATCH_THD FROM {ccb.reader}")

        said = check(settings, ccb.reader_url)

        ccb.execute(f"GRANT SELECT ON CI_BATCH_THD TO {ccb.reader}")
        assert f"GRANT SELECT ON CI_BATCH_THD TO {ccb.reader}" in said
        assert "missing thread status" in said
        assert "ok      batch codes" in said
        assert "exit 1: 1 of 14 checks miss a grant." in said

    def test_a_statement_that_fails_otherwise_is_no_pass(self, ccb, settings):
        ccb.execute("ALTER TABLE CI_BATCH_THD RENAME COLUMN THREAD_STATUS TO STATUS_OF_THREAD")

        said = check(settings, ccb.reader_url)

        ccb.execute("ALTER TABLE CI_BATCH_THD RENAME COLUMN STATUS_OF_THREAD TO THREAD_STATUS")
        assert "failed  thread status: CC&B (" in said
        assert "a column that the statement reads does not exist" in said
        assert "ok      batch codes" in said
        assert "exit 1: 1 of 14 checks failed." in said

    def test_a_missing_grant_and_a_failure_are_both_counted(self, ccb, settings):
        ccb.execute(f"REVOKE SELECT ON CI_BATCH_THD FROM {ccb.reader}")
        ccb.execute("ALTER TABLE CI_BATCH_JOB RENAME COLUMN BATCH_JOB_STAT_FLG TO FLG")

        said = check(settings, ccb.reader_url)

        ccb.execute(f"GRANT SELECT ON CI_BATCH_THD TO {ccb.reader}")
        ccb.execute("ALTER TABLE CI_BATCH_JOB RENAME COLUMN FLG TO BATCH_JOB_STAT_FLG")
        assert "exit 1: 1 of 14 checks miss a grant, 1 of 14 checks failed." in said

    def test_the_codes_are_those_of_the_steps(self, ccb, settings):
        seed_workflow()
        Step.objects.filter(batch_code="BILLRESTSMS").update(source_batch_cd="CM-SMS")

        assert "not defined at this site: CM-SMS; correct" in check(settings, ccb.reader_url)

    def test_before_our_tables_are_made_the_codes_are_the_seeded_ones(self, ccb, settings):
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {Step._meta.db_table} RENAME TO steps_to_come")

        said = check(settings, ccb.reader_url)

        assert "all 6 of the workflow's among them" in said

    def test_an_account_that_may_write_is_to_be_looked_at(self, ccb, settings):
        said = check(settings, f"{ccb.owner_url}&clock=simulated")

        assert "look    read-only: privileges: the account also holds" in said
        assert "look    read-only: grants: more than SELECT is granted" in said

    def test_without_a_source_it_says_what_to_set(self, settings):
        assert "No CC&B is configured" in check(settings, "")


class TestVerdicts:
    SITE = Site(
        at=at(12), zone=ZONE, simulated=False, codes=["CM-DMRU", "BILLREST"], allowed="READ"
    )

    def verdicts(self, *lines):
        clock = [["check_zone_oracle", "+00:00", "+06:00", "2026-11-22T12:01:00"]]
        answered = clock if not any(line[0] == "check_zone_oracle" for line in lines) else []
        found = judge([*answered, *map(list, lines)], ORACLE, self.SITE)
        return {verdict.subject: verdict for verdict in found}

    def test_every_oracle_statement_has_its_verdict(self):
        assert len(self.verdicts()) == len(statements_for(ORACLE)) == 14

    @pytest.mark.parametrize(
        ("line", "subject", "mark", "said"),
        [
            (["check_run_status", "ER", 4], "RUN_STATUS", "look", "values we do not know: ['ER']"),
            (["check_run_status", "40", 4], "RUN_STATUS", "ok", "40 4 times"),
            (
                ["check_grants_oracle", "CI_BATCH_RUN", "SELECT"],
                "read-only: grants",
                "look",
                "READ",
            ),
            (["check_grants_oracle", "CI_BATCH_RUN", "READ"], "read-only: grants", "ok", "READ"),
            (["check_privileges_oracle", "CREATE SESSION"], "read-only: privileges", "ok", "none"),
            (["check_privileges_oracle", "ALTER SYSTEM"], "read-only: privileges", "look", "ALTER"),
            (["check_newest_start", "2026-11-22T18:00:00"], "newest run", "look", "our future"),
            (["check_newest_start", None], "newest run", "look", "no run"),
            (["check_heartbeat", 10, 0], "heartbeat", "look", "0 of 10"),
            (
                ["check_zone_oracle", "+00:00", "+00:00", "2026-11-22T06:00:00"],
                "clock",
                "look",
                "6:",
            ),
        ],
    )
    def test_each_sees_what_is_odd(self, line, subject, mark, said):
        verdict = self.verdicts(line)[subject]

        assert verdict.mark == mark
        assert said in verdict.text

    def test_batch_codes_that_the_site_does_not_have_are_named(self):
        line = ["check_controls", "CM-DMRU", "First Reads", 8, None, "Y", 0, 4, 200]

        said = self.verdicts(line)["batch codes"].text

        assert "not defined at this site: BILLREST;" in said

    def test_the_codes_of_bills_and_of_the_site_are_listed(self):
        lines = [
            ["check_controls", code, text, 8, None, "Y", 0, 4, 200]
            for code, text in [
                ("BILLREST", "Restart of bills"),
                ("CM-DMRU", None),
                ("CMSMSBIL", "SMS of bills"),
                ("F1-FLUSH", "Flush"),
            ]
        ]

        verdict = self.verdicts(*lines)["batch codes"]

        assert verdict.mark == "ok"
        assert verdict.text.endswith(
            "codes with BILL or CM: BILLREST Restart of bills, CM-DMRU, CMSMSBIL SMS of bills"
        )

    @pytest.mark.parametrize(
        "code", ["ccb_column_missing", "ccb_call_timeout", "ccb_connection_lost"]
    )
    def test_a_refused_statement_has_failed_with_its_sentence(self, code):
        verdicts = self.verdicts(["refused", "check_imd", code, "What happened and what to do."])

        assert str(verdicts["imd"]) == "failed  imd: What happened and what to do."

    def test_a_clock_a_little_apart_is_no_finding(self):
        there = at(12) + timedelta(minutes=4)
        local = there.astimezone(ZONE).replace(tzinfo=None).isoformat()

        assert self.verdicts(["check_zone_oracle", "x", "y", local])["clock"].mark == "ok"
