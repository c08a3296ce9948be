"""What the soak says of growth, and how it draws it."""

import xml.etree.ElementTree as ET

import pytest

from tests.soak.plot import drawn, growth_per_h


class TestGrowth:
    def test_it_is_that_of_the_second_half_by_the_hour(self):
        at_s = [0.0, 900.0, 1800.0, 2700.0, 3600.0, 4500.0]
        assert growth_per_h(at_s, [0, 50, 99, 100, 101, 102]) == pytest.approx(4.0)

    def test_one_look_has_none(self):
        assert growth_per_h([0.0], [5.0]) == 0.0


class TestDrawing:
    def test_it_has_a_line_for_each_figure_and_its_words_are_text(self):
        picture = ET.fromstring(drawn([0.0, 10.0], {"a<b": [1.0, 2.0], "c": [0.0, 0.0]}, "t & u"))
        space = "{http://www.w3.org/2000/svg}"
        assert len(picture.findall(f".//{space}polyline")) == 2
        assert "a<b: 1.0 to 2.0, most 2.0" in [one.text for one in picture.iter(f"{space}text")]
