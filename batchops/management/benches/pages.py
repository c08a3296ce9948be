"""Measure every page of the console over the sizes it is made for, in one database of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import override_settings

from alerts.models import Alert
from batchops.calendar import business_date
from batchops.ccb.simulator.plan import DAY_START
from batchops.ccb.simulator.play import Simulator
from batchops.db import database_now
from batchops.management.benches import Bench
from batchops.management.benches.alerts import ALERTS, fill_alerts
from batchops.management.benches.lists import ITEMS_A_JOB, JOBS, fill_jobs
from batchops.management.pages import as_served, asking, timed, visitor
from batchops.management.scratch import scratch_database
from batchops.web.first_data import load_first_data
from jobs.models import Job
from monitoring import poll as polling
from monitoring.history import import_history
from monitoring.lifecycle import Asked
from monitoring.lifecycle.days import reckon_days
from monitoring.models import Run, Step

RUNS = 100_000
DAYS = 400
ACTOR = "system:bench"
UNTIL = time(14)  # of today, read every quarter of an hour from 05:15 on
EVERY = timedelta(minutes=15)
FILL_SQL = Path(__file__).with_suffix(".sql")
PAGES = {
    "today": "/admin/",
    "forecast": "/admin/forecast/",
    "runs": "/admin/runs/",
    "runs_failed": "/admin/runs/?status=failed",
    "grid": "/admin/runs/grid/",
    "run": "/admin/runs/{run}/",
    "step": "/admin/runs/steps/{step}/",
    "step_400_days": "/admin/runs/steps/{step}/?days=400",
    "accuracy": "/admin/accuracy/",
    "try_rule": "/admin/runs/rules/STUCK/",
    "alerts": "/admin/alerts/alert/",
    "alerts_open": "/admin/alerts/alert/?state__exact=open",
    "alerts_search": "/admin/alerts/alert/?q=failed",
    "alert": "/admin/alerts/alert/{alert}/change/",
    "alert_open": "/admin/alerts/alert/{open_alert}/change/",
    "hand_over": "/admin/hand-over/",
    "daily_report": "/admin/report/",
    "jobs": "/admin/jobs/",
    "jobs_failed": "/admin/jobs/?status=failed",
    "jobs_search": "/admin/jobs/?search=january",
    "job": "/admin/jobs/{job}/",
    "new_job": "/admin/jobs/new/",
    "new_job_of_a_type": "/admin/jobs/new/drill/",
    "schedules": "/admin/jobs/schedules/",
    "statistics": "/admin/jobs/statistics/",
    "bill_stop": "/admin/bill-stop/",
    "search": "/admin/search/?q=failed",
    "health": "/admin/health/",
    "settings": "/admin/settings/",
    "style_guide": "/admin/styleguide/",
    "admin_deliveries": "/admin/alerts/delivery/",
    "admin_channels": "/admin/alerts/channel/",
    "admin_rules": "/admin/monitoring/rulesetting/",
    "admin_steps": "/admin/monitoring/step/",
    "admin_step": "/admin/monitoring/step/{step_id}/change/",
    "admin_users": "/admin/batchops/user/",
}


def run() -> dict[str, Any]:
    """Fill a database of its own with jobs, alerts, runs and a day that goes on; ask each page.

    :raises Unavailable: when the role of DATABASE_URL may not make databases.
    """
    with scratch_database("pages"), as_served(), _simulated_ccb() as simulator:
        load_first_data()
        fill_runs(simulator)
        fill_alerts()
        fill_jobs()
        figures = timed(_questions(visitor("Administrator")))
        items, runs = JOBS * ITEMS_A_JOB, Run.objects.count()
    return {"jobs": JOBS, "items": items, "runs": runs, "alerts": ALERTS, **figures}


def fill_runs(simulator: Simulator) -> None:
    """Read DAYS days of CC&B, then today as it goes on; make up for RUNS by other batches."""
    today = business_date(database_now(), zone=settings.SITE_ZONE, day_start=DAY_START)
    simulator.prepare(today=today)
    import_history(days=DAYS, actor=ACTOR, tell=lambda _running: None)
    others = FILL_SQL.read_text().replace(":days", str(DAYS))
    with connection.cursor() as cursor:
        cursor.execute(others.replace(":runs", str(RUNS - Run.objects.count())))
    reckon_days((today - timedelta(days=n) for n in range(DAYS)), at=database_now())
    at = datetime.combine(today, DAY_START, tzinfo=settings.SITE_ZONE) + EVERY
    while at.time() <= UNTIL:
        simulator.show(at=at)
        asked = Asked(None, ACTOR, database_now())
        polling.store(polling.read(asked), asked)
        at += EVERY


@contextmanager
def _simulated_ccb() -> Iterator[Simulator]:
    """Let CC&B's tables stand beside ours, where the reader finds them."""
    own = connection.settings_dict
    host = quote(own["HOST"] or own["OPTIONS"].get("host", "localhost"), safe="")
    secret = f":{quote(own['PASSWORD'], safe='')}" if own["PASSWORD"] else ""
    user, place = quote(own["USER"]), f"{own['NAME']}?host={host}&port={own['PORT'] or 5432}"
    url = f"postgresql://{user}{secret}@/{place}"
    simulator = Simulator(url, scenario="normal", history_days=DAYS, reader=own["USER"])
    with override_settings(CCB_URL=f"{url}&clock=simulated", CCB_DEADLINE=timedelta(minutes=5)):
        try:
            yield simulator
        finally:
            simulator.close()


def _questions(client: Client) -> dict[str, Callable[[], object]]:
    step = Step.objects.order_by("sequence_order")[1]
    values = {
        "run": Run.objects.filter(batch_code=step.batch_code).latest("started_at").pk,
        "step": step.batch_code,
        "step_id": step.pk,
        "alert": Alert.objects.order_by("-opened_at")[ALERTS // 3].pk,
        "open_alert": Alert.objects.open().latest("opened_at").pk,
        "job": Job.objects.order_by("-created_at")[JOBS // 2].pk,
    }
    return {name: asking(client, address.format(**values)) for name, address in PAGES.items()}


BENCH = Bench("pages", f"every page over {JOBS:,} jobs, {ALERTS:,} alerts and {RUNS:,} runs", run)
