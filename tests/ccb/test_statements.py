from __future__ import annotations

from datetime import datetime

import psycopg
import pytest
import sqlglot
from sqlglot import exp

from batchops.ccb.statements import FOLDER, names, statement

NAMES = sorted(names())
TEXTS = {"language_cd": "ENG", "sa_type": "PPD", "low": "0000000000", "high": "9999999999"}
TEXTS |= dict.fromkeys([f"sa_status_{place}" for place in (1, 2, 3, 4)], "20")
TEXTS |= dict.fromkeys(["phone_type", "meter_id_type"], "D1SN")
TEXTS |= dict.fromkeys(["crp_char", "cpc_char", "nocs_char"], "CM_NOCS")
PORTABLE = [name for name in NAMES if not name.endswith("_oracle")]


class TestStatements:
    @pytest.mark.parametrize("name", [n for n in NAMES if not n.endswith("_postgresql")])
    def test_oracle_can_parse_each_as_one_read(self, name):
        parsed = sqlglot.parse(statement(name).text, dialect="oracle")

        assert len(parsed) == 1
        assert isinstance(parsed[0], exp.Query)
        assert not list(parsed[0].find_all(exp.Lock))

    @pytest.mark.parametrize("name", NAMES)
    def test_each_says_what_it_is_for_and_what_it_needs(self, name):
        lines = (FOLDER / f"{name}.sql").read_text().splitlines()
        header = [line.split(":")[0] for line in lines if line.startswith("--")]

        assert header == ["-- name", "-- purpose", "-- unit", "-- grants", "-- cost"]
        assert statement(name).name == name
        assert max(map(len, lines)) <= 250

    @pytest.mark.parametrize("name", NAMES)
    def test_each_names_exactly_the_tables_it_reads(self, name):
        parsed = sqlglot.parse_one(statement(name).text, dialect="oracle")
        own = {table.name.upper() for table in parsed.find_all(exp.Table)}
        ours = {t for t in own if t.startswith(("CI_", "C1_", "D1_", "SIM_"))}

        assert set(statement(name).tables) == ours

    @pytest.mark.sql
    @pytest.mark.parametrize("name", PORTABLE)
    def test_each_runs_on_postgresql_as_the_reader(self, name, ccb):
        asked = statement(name)
        binds = {bind: _value(bind) for bind in asked.binds}
        url = ccb.reader_url.replace("&clock=simulated", "")

        with psycopg.connect(url) as session, session.cursor() as cursor:
            cursor.execute(asked.pyformat.encode(), binds)
            assert cursor.description

    def test_no_other_text_can_be_asked_for(self):
        with pytest.raises(KeyError):
            statement("../../settings")


def _value(bind: str) -> object:
    if bind in {"since", "until", "details_since"}:
        return datetime(2026, 11, 22)  # noqa: DTZ001  (CC&B's times carry no zone)
    if bind in TEXTS:
        return TEXTS[bind]
    return "CM-DMRU" if "_cd" in bind else 1
