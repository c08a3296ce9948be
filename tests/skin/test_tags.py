"""Figures and times in people's words, and icons that exist."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template
from django.utils import timezone

from batchops.looks import Look
from batchops.templatetags.batchops import NOTHING, ago, duration, rate
from batchops.web.styleguide import icon_names
from tests.embedded import ROOT

WORDS_OF_CODE = re.compile(r"Look\(.*?\"([a-z-]+)\"\s*,?\s*\)", re.DOTALL)


def draw(source: str, **context: object) -> str:
    return Template("{% load batchops %}" + source).render(Context(context))


class TestDuration:
    @pytest.mark.parametrize(
        ("seconds", "words"),
        [
            (0, "0s"),
            (30, "30s"),
            (135, "2m 15s"),
            (5400, "1h 30m"),
            (187_200, "2d 4h"),
            (-3, "0s"),
            (timedelta(minutes=2), "2m 0s"),
            (None, NOTHING),
            ("", NOTHING),
        ],
    )
    def test_it_speaks_in_peoples_words(self, seconds: float, words: str) -> None:
        assert duration(seconds) == words


class TestRate:
    def test_it_has_one_decimal_and_its_unit(self) -> None:
        assert [rate(125.34), rate(125.58), rate(0), rate(None)] == [
            "125.3/s",
            "125.6/s",
            "0.0/s",
            NOTHING,
        ]

    def test_a_slow_one_is_told_in_minutes_or_hours(self) -> None:
        assert [rate(0.05), rate(1 / 3600), rate(0.1)] == ["3.0/min", "1.0/h", "0.1/s"]


class TestTimes:
    def test_a_moment_stands_on_the_sites_clock_with_the_exact_one_in_the_title(self) -> None:
        at = datetime(timezone.now().year, 3, 7, 23, 5, 9, tzinfo=UTC)

        drawn = draw("{% moment at %}", at=at)

        assert ">8 Mar 05:05</time>" in drawn
        assert "05:05:09" in drawn
        assert f'datetime="{at.isoformat()}"' in drawn

    def test_an_age_is_said_in_one_unit(self) -> None:
        ages = [ago(timedelta(seconds=s)) for s in (40, 750, 11_000, 400_000)]

        assert ages == ["40 s ago", "12 min ago", "3 h ago", "4 days ago"]

    def test_what_is_not_known_is_a_dash(self) -> None:
        assert draw("{% moment x %}{% since x %}{% elapsed x %}", x=None) == 3 * NOTHING


class TestBadge:
    def test_it_always_has_icon_and_word(self) -> None:
        drawn = draw("{% badge look %}", look=Look("x", "Late <b>", "warn", "clock"))

        assert "icons.svg#clock" in drawn
        assert "Late &lt;b&gt;" in drawn
        assert "tone-warn" in drawn


class TestBar:
    def test_it_rounds_down_so_that_only_done_is_100(self) -> None:
        assert 'value="99"' in draw('{% bar 99.99 "Progress" %}')

    def test_it_shows_no_figure_while_the_size_is_unknown(self) -> None:
        drawn = draw('{% bar None "Progress" live="progressPercent" %}')

        assert "value=" not in drawn.replace("data-live-value=", "")
        assert "%" not in drawn


class TestIcons:
    def test_every_icon_that_a_page_names_is_in_the_sprite(self) -> None:
        named = {
            name
            for page in (ROOT / "templates").rglob("*.html")
            for name in re.findall(r"{% icon \"([^\"]+)\"", page.read_text())
            + re.findall(r"icon=\"([^\"]+)\"", page.read_text())
        }

        assert named - set(icon_names()) == set()

    def test_every_icon_that_a_look_names_is_in_the_sprite(self) -> None:
        named = {
            name
            for app in ("batchops", "jobs", "monitoring", "alerts")
            for module in (ROOT / app).rglob("*.py")
            for name in WORDS_OF_CODE.findall(module.read_text())
        }

        assert named
        assert named - set(icon_names()) == set()
