"""What the load says of its screens, from what they saw."""

from tests.load.figures import delays_s, of_screens


class TestDelays:
    def test_an_update_was_shown_by_the_first_frame_that_counts_it(self):
        frames = [(10.0, 0), (11.5, 2), (12.5, 3)]
        assert delays_s([11.0, 11.25, 12.0], frames) == ([0.5, 0.25, 0.5], 0)

    def test_an_update_that_no_frame_counts_is_missing(self):
        assert delays_s([11.0, 12.0], [(11.5, 1)]) == ([0.5], 1)


class TestScreens:
    def test_what_came_before_the_measuring_does_not_count(self):
        screens = [{"job": "a", "frames": [(11.5, 1), (12.5, 2)], "lost": True}]
        found = of_screens(screens, {"a": [11.0, 12.0]}, begun_at=12.0)
        assert (found["updates"], found["frames"], found["sockets_lost"]) == (1, 1, 1)
