"""Cron texts on the site's clock, over both nights on which it changes."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchops.cron import Cron
from batchops.errors import InvalidInput

LONDON, DHAKA = ZoneInfo("Europe/London"), ZoneInfo("Asia/Dhaka")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # whose summer is half an hour
SPRING, AUTUMN = date(2027, 3, 28), date(2027, 10, 31)  # London's nights of 23 and 25 hours


def night(zone: ZoneInfo, day: date) -> list[datetime]:
    """Return every minute from the evening before `day` to its noon, in UTC."""
    begin = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC) - timedelta(hours=2)
    return [begin + timedelta(minutes=n) for n in range(14 * 60)]


def local(moments: list[datetime], zone: ZoneInfo) -> list[str]:
    return [f"{moment.astimezone(zone):%d %H:%M}" for moment in moments]


class TestCron:
    @pytest.mark.parametrize(
        ("text", "zone", "day", "expected"),
        [
            ("30 1 * * *", LONDON, SPRING, ["28 02:00"]),
            ("30 1 * * *", LONDON, AUTUMN, ["31 01:30"]),
            ("30 1 * * *", DHAKA, AUTUMN, ["31 01:30"]),
            ("*/30 1-2 * * *", LONDON, SPRING, ["28 02:00", "28 02:30"]),
            ("*/30 1-2 * * *", LONDON, AUTUMN, ["31 01:00", "31 01:30", "31 02:00", "31 02:30"]),
            ("*/30 1-2 * * *", DHAKA, SPRING, ["28 01:00", "28 01:30", "28 02:00", "28 02:30"]),
            ("15 2 * * *", LORD_HOWE, date(2027, 10, 3), ["03 02:30"]),
            ("45 1 * * *", LORD_HOWE, date(2027, 4, 4), ["04 01:45"]),
            ("*/30 1 * * *", LORD_HOWE, date(2027, 4, 4), ["04 01:00", "04 01:30"]),
        ],
    )  # fmt: skip
    def test_each_time_on_the_wall_comes_once(
        self, text: str, zone: ZoneInfo, day: date, expected: list[str]
    ) -> None:
        minutes = night(zone, day)

        due = Cron.parse(text, zone=zone).next_times(minutes[0], count=len(expected) + 1)

        assert local(due[:-1], zone) == expected
        assert due[-1].astimezone(zone).date() > day

    @pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (date(2027, 6, 1), 24)])
    def test_every_hour_means_every_hour_that_passes(self, day: date, hours: int) -> None:
        begin = datetime(day.year, day.month, day.day, tzinfo=LONDON)

        due = Cron.parse("0 * * * *", zone=LONDON).next_times(begin, count=hours)

        assert {b - a for a, b in pairwise(due)} == {timedelta(hours=1)}
        assert due[-1].astimezone(LONDON).hour == 0

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("61 5 * * *", "minute must be 0 to 59"),
            ("0 24 * * *", "hour must be 0 to 23"),
            ("0 5 31 2 *", "one that its month has"),
            ("0 5 * 13 *", "month must be 1 to 12"),
            ("0 5 * * FUNDAY", "SUN to SAT"),
            ("0 5 * *", "five fields"),
            ("0 0 5 * * *", "five fields"),
            ("", "five fields"),
            ("* " * 80, "at most 100"),
        ],
    )
    def test_a_text_that_means_nothing_is_told_which_field(self, text: str, said: str) -> None:
        with pytest.raises(InvalidInput, match=said):
            Cron.parse(text, zone=DHAKA)

    @given(st.text(alphabet="0123456789*/,-#LW MONFRI\x00é", max_size=30))
    @settings(max_examples=300, deadline=None)
    def test_whatever_is_written_is_read_or_refused(self, text: str) -> None:
        try:
            cron = Cron.parse(text, zone=LONDON)
        except InvalidInput:
            return
        times = cron.next_times(datetime(2027, 3, 27, tzinfo=UTC), count=3)
        assert times == sorted(set(times))
        assert cron.words
