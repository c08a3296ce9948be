from __future__ import annotations

import psycopg
import pytest
import sqlglot
from django.core.checks import run_checks
from sqlglot import exp

from batchops.ccb.asking import ask, questions
from batchops.ccb.errors import CcbBroken, CcbError, CcbLoginRefused
from batchops.ccb.selects import NotAQuestion, require_read_only

HEADER = (
    "-- name: own\n-- label: Own\n-- columns: A\n-- bind a: account\n-- grants: READ on CI_SA\n"
)
NAMES = sorted(questions())


class TestReadOnly:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("DELETE FROM CI_SA", "begin with SELECT"),
            ("SELECT 1 FROM CI_SA; DROP TABLE CI_SA", "';'"),
            ("WITH x AS (DELETE FROM CI_SA RETURNING 1) SELECT 1 FROM x", "DELETE"),
            ("SELECT SA_ID FROM CI_SA FOR UPDATE", "FOR"),
            ("SELECT SA_ID INTO x FROM CI_SA", "INTO"),
            ("SELECT pg_terminate_backend(1)", "PG_TERMINATE_BACKEND"),
            ("SELECT dblink('x', 'y')", "DBLINK"),
            ("SELECT UTL_HTTP.REQUEST('http://x') FROM DUAL", "UTL_HTTP"),
            ("SELECT SQ.NEXTVAL FROM DUAL", "NEXTVAL"),
            ("SELECT 1 FROM CI_SA@OTHER", "'@'"),
            ("SELECT 1 /* ; */ FROM CI_SA", "/*"),
            ("SELECT 1 FROM CI_SA -- ;", "--"),
            ("SELECT q'[it's]' FROM CI_SA WHERE 'x' = '", "quote"),
            ("SELECT $$ ; $$", "'$'"),
            ("SELECT E'\\'; DROP TABLE x' FROM CI_SA", "quote"),
            ('SELECT "pg_sleep"(9)', "'\"'"),
            ("SELECT SITE.COUNT(SA_ID) FROM CI_SA", "COUNT"),
            ("SELECT SITE. TRIM (SA_ID) FROM CI_SA", "TRIM"),
            ("SELECT\u00a01 FROM CI_SA", "\\xa0"),
        ],
    )
    def test_what_could_do_more_is_refused_by_its_word(self, text, said):
        with pytest.raises(NotAQuestion) as refused:
            require_read_only(text)
        assert said in str(refused.value)

    def test_words_inside_a_text_do_no_harm(self):
        require_read_only("SELECT COUNT(*) FROM CI_SA WHERE SA_TYPE_CD IN ('DELETE', 'IT''S; --')")


class TestOwnQuestions:
    @pytest.mark.parametrize("name", NAMES)
    def test_oracle_can_parse_each_and_its_columns_are_named(self, name):
        question = questions()[name]
        parsed = sqlglot.parse_one(question.statement.text, dialect="oracle")

        assert isinstance(parsed, exp.Query)
        assert len(parsed.selects) == len(question.columns)
        assert {table.name for table in parsed.find_all(exp.Table)} == set(
            question.statement.tables
        )

    @pytest.mark.sql
    @pytest.mark.parametrize("name", NAMES)
    def test_each_runs_as_the_reader(self, name, ccb):
        binds = dict.fromkeys(questions()[name].sources, "nobody")

        assert ask(name, [binds], url=ccb.reader_url) == [[]]

    def test_a_broken_one_stops_every_process_at_its_start(self, settings, tmp_path):
        (tmp_path / "a.sql").write_text(HEADER + "SELECT 1 FROM CI_SA WHERE 1 = 1")
        settings.ENRICH_QUERIES_DIR = tmp_path

        [found] = [one for one in run_checks() if one.id == "batchops.E032"]

        assert "a.sql" in found.msg
        assert "bind" in found.msg


@pytest.fixture
def own(settings, tmp_path):
    """Give the site a question of its own."""

    def write(text):
        (tmp_path / "own.sql").write_text(HEADER + text)
        settings.ENRICH_QUERIES_DIR = tmp_path

    return write


@pytest.mark.sql
class TestAsking:
    def test_many_items_are_one_reading_and_one_that_is_refused_holds_up_no_other(self, ccb, own):
        own(
            "SELECT 10 / CAST(:a AS NUMERIC) FROM CI_LOOKUP_VAL_L WHERE 1 = 0 UNION ALL "
            "SELECT 10.50 / CAST(:a AS NUMERIC)"
        )

        first, bad, last = ask("own", [{"a": "1"}, {"a": "x"}, {"a": "2"}], url=ccb.reader_url)

        assert isinstance(bad, CcbError)
        assert "numeric" in bad.message
        assert isinstance(first, list)
        assert isinstance(last, list)
        assert [float(one[0]["A"] or 0) for one in (first, last)] == [10.5, 5.25]

    def test_more_than_twenty_answers_are_cut(self, ccb, own):
        with psycopg.connect(ccb.owner_url) as session:
            session.execute(
                "INSERT INTO CI_LOOKUP_VAL_L SELECT 'ASKED', n::text, 'ENG', 'x'"
                " FROM generate_series(1, 30) AS n"
            )
        own("SELECT FIELD_VALUE FROM CI_LOOKUP_VAL_L WHERE FIELD_NAME = :a")

        [answers] = ask("own", [{"a": "ASKED"}], url=ccb.reader_url)

        assert isinstance(answers, list)
        assert len(answers) == 20

    def test_wrong_columns_and_a_refused_login_are_told(self, ccb, own):
        own("SELECT 1, 2 FROM CI_LOOKUP_VAL_L WHERE :a = :a UNION ALL SELECT 1, 2")

        with pytest.raises(CcbBroken, match="2 columns"):
            ask("own", [{"a": "1"}], url=ccb.reader_url)
        with pytest.raises(CcbLoginRefused):
            ask("own", [{"a": "1"}], url=ccb.reader_url.replace("reader-secret", "wrong"))
