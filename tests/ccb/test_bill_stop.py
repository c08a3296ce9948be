"""What is read of agreements, and that their simulated billing goes on with the days."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from batchops.ccb import bill_stop, read
from batchops.ccb.bill_stop import IDS, IdRange, Reading, id_range, read_agreements
from batchops.ccb.errors import CcbBroken, CcbTimeout
from batchops.ccb.read import Row
from batchops.ccb.source import parse_source
from batchops.ccb.statements import Statement, statement
from tests.ccb.conftest import TODAY, CcbDatabase, at
from tests.ccb.here import read_here

AGREEMENTS = 400
EVERYTHING = id_range(0, of=1)


def reading(database: CcbDatabase, span: IdRange = EVERYTHING) -> Reading:
    return read_agreements(span, limit=timedelta(seconds=10), url=database.reader_url)


@pytest.fixture(scope="module")
def billed(make_database: Callable[[], CcbDatabase]) -> CcbDatabase:
    database = make_database()
    simulator = database.simulator(agreements=AGREEMENTS)
    simulator.prepare(today=TODAY)
    simulator.close()
    return database


class TestRanges:
    @pytest.mark.parametrize("of", [1, 3, 40, 1000])
    def test_they_hold_every_id_once(self, of):
        spans = [id_range(number, of=of) for number in range(of)]

        assert spans[0].low == 0
        assert spans[-1].high == IDS - 1
        assert [span.high + 1 for span in spans[:-1]] == [span.low for span in spans[1:]]

    def test_halves_are_the_whole(self):
        lower, upper = IdRange(5, 11).halves()

        assert (lower, upper) == (IdRange(5, 8), IdRange(9, 11))


WHO = ("Tea stall 0007", "01000000007", "House 7", "Road 7", "Dhaka")
ROW = ["bill_stop", "4000000000", "20", "2024-01-01T00:00:00", "30000001", "20000001", "00000001",
       *WHO, "NOCS North 1", "Active", "2026-11-21T00:00:00", "N", "N", "Y", -12_345]  # fmt: skip


def read_row(monkeypatch: pytest.MonkeyPatch, **changes: object) -> Reading:
    """Read one made row, some of its columns, by c and their place, changed."""
    row = [changes.get(f"c{place}", cell) for place, cell in enumerate(ROW)]
    lines = [["clock_postgresql", "2026-11-22T02:00:00"], row]
    monkeypatch.setattr(bill_stop, "read_lines", lambda *_, **__: (line for line in lines))
    limit = timedelta(seconds=10)
    return read_agreements(EVERYTHING, limit=limit, url="postgresql://reader@nowhere/ccb")


class TestOddRows:
    def test_are_told_without_the_customer(self, monkeypatch):
        for odd in ({"c2": None}, {"c3": "soon"}, {"c18": "much"}):
            with pytest.raises(CcbBroken, match="4000000000") as told:
                read_row(monkeypatch, **odd)

            assert [who for who in WHO if who in told.value.message] == []

    def test_with_the_first_day_of_all_are_taken(self, monkeypatch):
        (found,) = read_row(monkeypatch, c14="0001-01-01T00:00:00").agreements

        assert found.last_bill_on == date(1, 1, 1)

    def test_of_a_blank_crp_belong_to_none(self, monkeypatch):
        assert read_row(monkeypatch, c4="").agreements == []
        assert len(read_row(monkeypatch).agreements) == 1


class Slow:
    """A CC&B of which each call is quick enough, and all of them together are not."""

    def begin(self) -> None: ...
    def end(self) -> None: ...
    def close(self) -> None: ...

    def rows(self, statement: Statement, _: Mapping[str, Any], /) -> Generator[Row, None, None]:
        yield from [(TODAY,)] if statement.name.startswith("clock") else [tuple(ROW[1:])] * 3


class TestALongReading:
    def test_is_over_its_limit_however_short_its_calls_are(self, monkeypatch):
        clock = iter([0.0, 6.0, 12.0])
        monkeypatch.setattr(read, "monotonic", lambda: next(clock))
        source = parse_source("postgresql://reader@nowhere/ccb")
        binds = dict.fromkeys(statement("bill_stop").binds, "")
        request = {"language": "ENG", "call_timeout_s": 10, "binds": binds}

        with pytest.raises(CcbTimeout) as told:
            read.read_bill_stop(Slow(), source, request)

        assert told.value.code == "ccb_call_timeout"


@pytest.mark.sql
class TestReading:
    @pytest.fixture(autouse=True)
    def _read_here(self, monkeypatch):
        monkeypatch.setattr(bill_stop, "read_lines", read_here)

    def test_two_ranges_hold_what_the_whole_holds(self, billed):
        whole = reading(billed)
        parts = [reading(billed, span) for span in EVERYTHING.halves()]

        ids = [agreement.sa_id for part in parts for agreement in part.agreements]
        assert ids == [agreement.sa_id for agreement in whole.agreements]
        assert len(set(ids)) == AGREEMENTS
        assert min(len(part.agreements) for part in parts) > 0.4 * AGREEMENTS
        assert whole.day == TODAY

    def test_everything_the_page_shows_is_there(self, billed):
        found = reading(billed).agreements

        for agreement in found:
            texts = (agreement.crp_account_no, agreement.cpc_customer_no, agreement.meter_no)
            assert all(text.isdigit() for text in texts)
            assert agreement.customer_name.split()[-1].isdigit()
            assert agreement.address.endswith(", Dhaka")
            assert agreement.nocs_name.startswith("NOCS ")
            assert agreement.status_text == "Active"
            assert agreement.started_on is not None
        assert {bool(agreement.phone_no) for agreement in found} == {True, False}
        assert any(agreement.balance_cents % 100 for agreement in found)

    def test_the_latest_characteristic_counts(self, billed):
        assert "39999999" not in {
            agreement.crp_account_no for agreement in reading(billed).agreements
        }

    def test_billing_stands_still_for_each_reason_that_there_is(self, billed):
        late = TODAY - timedelta(days=3)
        stopped = [
            a for a in reading(billed).agreements if not a.last_bill_on or a.last_bill_on < late
        ]

        assert 0.04 * AGREEMENTS < len(stopped) < 0.12 * AGREEMENTS
        assert {(a.has_error, a.has_unfrozen) for a in stopped} == {
            (True, False),
            (False, True),
            (False, False),
        }
        assert {a.has_segment for a in stopped if a.last_bill_on is None} == {True, False}

    def test_a_day_later_who_was_billed_is_billed_again(self, billed):
        simulator = billed.simulator()
        before = {a.sa_id: a.last_bill_on for a in reading(billed).agreements}
        simulator.advance(to=at(14))
        simulator.close()

        after = {a.sa_id: a.last_bill_on for a in reading(billed).agreements}

        moved = [sa_id for sa_id, day in before.items() if after[sa_id] == TODAY != day]
        assert len(moved) > 0.85 * AGREEMENTS
