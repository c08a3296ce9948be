"""Say what is still to come of a business day: by the last forecast, else as usually."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from monitoring.bands import Band
from monitoring.models import Forecast
from monitoring.shown import StepView, Timeline
from monitoring.states import RunState

TO_COME = (RunState.PENDING, RunState.RUNNING, RunState.COMPLETE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """What is still to come of a step: from when on, and until when in the median.

    A forecast also says P10 and P90 of the end; what is usual does not.
    """

    start_at: datetime
    end_at: datetime
    earliest_at: datetime | None = None
    latest_at: datetime | None = None

    @property
    def is_forecast(self) -> bool:
        return self.latest_at is not None


def still_to_come(
    drawn: Timeline, bands: Mapping[str, Band], forecast: Forecast | None
) -> dict[str, Ahead]:
    """Return what is still to come today by the steps' codes; nothing of what nobody can know.

    `forecast` is the day's newest; it tells when it is of the last reading and had days enough.
    """
    if not drawn.is_today or drawn.fresh.stale:
        return {}
    if forecast is None or forecast.p50_at is None or forecast.at != drawn.fresh.source_at:
        return _as_usual(drawn, bands)
    told = (_forecast(step, drawn.fresh.source_now) for step in forecast.steps)
    return {code: ahead for code, ahead in told if ahead}


def _forecast(step: Mapping[str, Any], now: datetime) -> tuple[str, Ahead | None]:
    moments = [step.get(name) for name in ("start_at", "p10_at", "p50_at", "p90_at")]
    if step["state"] == "done" or None in moments:
        return step["code"], None
    start_at, *ends = (max(datetime.fromisoformat(str(at)), now) for at in moments)
    earliest_at, end_at, latest_at = ends
    ahead = Ahead(start_at=start_at, end_at=end_at, earliest_at=earliest_at, latest_at=latest_at)
    return step["code"], ahead


def _as_usual(drawn: Timeline, bands: Mapping[str, Band]) -> dict[str, Ahead]:
    """Return each step's rest by its medians, as much later as what it waits for is late."""
    found: dict[str, Ahead] = {}
    late_by: dict[str, timedelta | None] = {}
    for view in drawn.steps:
        code, band = view.step.batch_code, bands[view.step.batch_code]
        behind = late_by.get(view.step.depends_on_id or "", timedelta())
        span = _rest(view, band, drawn, behind)
        if span:
            found[code] = Ahead(start_at=span[0], end_at=span[1])
        late_by[code] = _late_by(view, band, drawn, span=span, behind=behind)
    return found


def _rest(
    view: StepView, band: Band, drawn: Timeline, behind: timedelta | None
) -> tuple[datetime, datetime] | None:
    """Return the rest of a step that is `behind` its time; None of one that nobody can know."""
    now, starts, ends = drawn.fresh.source_now, band.starts(drawn.day), band.ends(drawn.day)
    if starts is None or ends is None or view.state not in TO_COME:
        return None
    if view.shown is None:
        if behind is None:
            return None
        start_at = max(now, starts.p50 + behind)
        return start_at, start_at + (ends.p50 - starts.p50)
    end_at = ends.p50
    if view.shown.moving and not view.step.repeats and band.took_s:
        end_at = view.shown.run.started_at + timedelta(seconds=band.took_s.p50)
    if view.state is RunState.COMPLETE and (not view.step.repeats or end_at <= now):
        return None
    return now, max(now, end_at)


def _late_by(
    view: StepView,
    band: Band,
    drawn: Timeline,
    *,
    span: tuple[datetime, datetime] | None,
    behind: timedelta | None,
) -> timedelta | None:
    """Return by how much what waits for the step begins later; None when nobody knows.

    What waits for one that runs several times begins after its first run, so its start counts.
    """
    starts, ends = band.starts(drawn.day), band.ends(drawn.day)
    waits = view.shown is None
    if view.state not in TO_COME or (waits and behind is None):
        return None
    if starts is None or ends is None:
        return behind if waits else timedelta()
    if view.step.repeats:
        began_at = view.runs[0].run.started_at if view.runs else span and span[0]
        return max(began_at - starts.p50, timedelta()) if began_at else behind
    return max(span[1] - ends.p50, timedelta()) if span else timedelta()
