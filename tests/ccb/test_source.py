"""What CCB_URL may be, and that no sentence repeats its secret."""

import pytest

from batchops.ccb.errors import CcbNotConfigured
from batchops.ccb.failures import failure
from batchops.ccb.source import parse_source


class TestUnreadable:
    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://u:p%40ss%zz@h/db",
            "postgresql://ccb:2024/p%40ss@dbhost/ccb",
            "postgresql://ccb:p%40ss/word@dbhost/ccb",
            "postgresql://:p%40ss@h/db",
            "postgresql://h/p%40ss",
            "oracle://u:p%40ss%zz@h:1521/CCB",
            "oracle://ccb:2024/p%40ss@dbhost:1521/CCB",
        ],
    )
    def test_it_is_refused_without_its_secret(self, url: str) -> None:
        with pytest.raises(CcbNotConfigured) as caught:
            parse_source(url)

        assert caught.value.code == "ccb_url_unreadable"
        for secret in ("p%40ss", "p@ss", "2024", "%zz"):
            assert secret not in caught.value.message

    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://u:p%40ss%2F@h:5432/db",
            "postgresql://u@/db?host=%2Ftmp",
            "postgresql:///db?user=u&host=%2Ftmp",
            "oracle://u:p%25ss@h:1521/CCB",
        ],
    )
    def test_what_is_well_written_is_taken(self, url: str) -> None:
        assert parse_source(url).user == "u"


class TestSentence:
    @pytest.mark.parametrize("said", ["p%40ss%2F", "p@ss/"])
    def test_the_secret_is_blotted_out_as_written_and_as_meant(self, said: str) -> None:
        source = parse_source("postgresql://u:p%40ss%2F@h:5432/db")

        message = failure("ccb_database_error", source, f"bad value {said!r}").message

        assert said not in message
        assert "***" in message
