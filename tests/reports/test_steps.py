"""When reports count a step done, and late."""

from datetime import UTC, datetime, time

import pytest

from batchops.web.reports import daily
from monitoring.queries import freshness
from tests.monitoring.source import TODAY, FakeCcb
from tests.reports.conftest import MoveClock, wall

pytestmark = pytest.mark.django_db


class TestAStepThatRepeats:
    def test_it_is_done_once_and_its_runs_past_the_deadline_are_not_late(
        self, clock: MoveClock, ccb: FakeCcb
    ) -> None:
        clock(5)
        for number, (begun, ended) in enumerate([((10, 5), (10, 15)), ((21, 0), (21, 40))], 1):
            ccb.run("F1-FLUSH", number, started_at=wall(time(*begun)))
            ccb.complete("F1-FLUSH", number, ended_at=wall(time(*ended)))
            clock(*ended, day=TODAY)

        report = daily.compose(TODAY, freshness(datetime.now(UTC)))

        (line,) = [one for one in report.steps if one.step.batch_code == "F1-FLUSH"]
        assert line.runs == 2
        assert line.course.ended_at == wall(time(10, 15))
        assert line.course.past_deadline_s is None
        assert [one.step.batch_code for one in report.done] == ["F1-FLUSH"]
