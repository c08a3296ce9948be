"""Store what CC&B shows: the workflow, its runs, each reading of it, and what days came to."""

from monitoring.models.calendar import CalendarDay, DayKind, PlannedOutage
from monitoring.models.days import WHOLE_DAY, StepDay
from monitoring.models.forecasts import Forecast, ForecastTest
from monitoring.models.replays import Replay, held_terms
from monitoring.models.rule_settings import RuleSetting
from monitoring.models.runs import Run, RunEvent, RunQuerySet, RunSample, RunThread
from monitoring.models.source import (
    HistoryImport,
    ImdCount,
    Poll,
    Source,
    Submission,
    SubmissionSample,
)
from monitoring.models.workflow import STUCK_PROFILES, MonitoringConfig, Step

__all__ = [
    "STUCK_PROFILES",
    "WHOLE_DAY",
    "CalendarDay",
    "DayKind",
    "Forecast",
    "ForecastTest",
    "HistoryImport",
    "ImdCount",
    "MonitoringConfig",
    "PlannedOutage",
    "Poll",
    "Replay",
    "RuleSetting",
    "Run",
    "RunEvent",
    "RunQuerySet",
    "RunSample",
    "RunThread",
    "Source",
    "Step",
    "StepDay",
    "Submission",
    "SubmissionSample",
    "held_terms",
]
