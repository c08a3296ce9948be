"""Show monitoring to people: the workflow of a day, runs, steps, and the age of what is shown."""

from django.urls import path, re_path

from monitoring.pages import (
    accuracy,
    compare,
    forecast,
    grid,
    month,
    polling,
    replays,
    run,
    runs,
    step,
    workflow,
)
from monitoring.pages.forecast import forecast_context
from monitoring.pages.workflow import data_age_context, gantt_context, workflow_context

__all__ = [
    "data_age_context",
    "forecast_context",
    "gantt_context",
    "redirects",
    "urls",
    "workflow_context",
]

urls = [
    path("runs/", runs.run_list, name="runs"),
    path("runs/fragment/", runs.run_list_fragment, name="runs_fragment"),
    path("runs/grid/", grid.runs_grid, name="runs_grid"),
    path("runs/grid/fragment/", grid.grid_fragment, name="runs_grid_fragment"),
    path("runs/calendar/", month.runs_calendar, name="runs_calendar"),
    path("runs/calendar/fragment/", month.calendar_fragment, name="runs_calendar_fragment"),
    path("runs/compare/", compare.compare_days, name="compare"),
    path("runs/compare/fragment/", compare.compare_fragment, name="compare_fragment"),
    path("runs/poll/", polling.poll_now, name="poll_now"),
    path("runs/try-again/", polling.try_again, name="ccb_try_again"),
    path("runs/<int:run_id>/", run.one_run, name="run"),
    path("runs/<int:run_id>/fragment/", run.run_fragment, name="run_fragment"),
    path("monitoring/run/", run.old_address),
    path("monitoring/run/<int:run_id>/change/", run.old_address),
    path("runs/steps/<str:batch_code>/", step.one_step, name="step"),
    path("runs/steps/<str:batch_code>/fragment/", step.step_fragment, name="step_fragment"),
    path("forecast/", forecast.forecast, name="forecast"),
    path("forecast/fragment/", forecast.forecast_fragment, name="forecast_fragment"),
    path("accuracy/", accuracy.accuracy_page, name="accuracy"),
    path("accuracy/fragment/", accuracy.accuracy_fragment, name="accuracy_fragment"),
    path("runs/rules/<str:rule>/", replays.try_rule, name="try_rule"),
    path("runs/replays/<int:replay_id>/", replays.one_replay, name="replay"),
    path("runs/replays/<int:replay_id>/fragment/", replays.replay_fragment, name="replay_fragment"),
    path("runs/replays/<int:replay_id>/apply/", replays.apply_replay, name="apply_replay"),
    path("workflow/fragment/", workflow.workflow_fragment, name="workflow_fragment"),
    path("workflow/gantt/", workflow.gantt_fragment, name="gantt_fragment"),
    path("data-age/fragment/", workflow.data_age_fragment, name="data_age_fragment"),
]

# Where the old console's page was; outside /admin/.
redirects = [re_path(r"^ami-operational/?$", workflow.old_page, name="old-workflow")]
