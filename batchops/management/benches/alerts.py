"""Measure the pages and routes of alerts over a million of them, in a database of its own."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import connection

from alerts import queries
from alerts.models import Alert
from batchops.management.benches import Bench
from batchops.management.pages import as_served, asking, timed, visitor
from batchops.management.scratch import scratch_database
from batchops.web.first_data import load_first_data

ALERTS = 1_000_000
FILL_SQL = Path(__file__).with_suffix(".sql")
LIST = "/admin/alerts/alert/"
PAGES = {
    "list_newest": "",
    "list_page_2": "?p=2",
    "list_page_20": "?p=20",
    "list_open": "?state__exact=open",
    "list_acknowledged": "?state__exact=acknowledged",
    "list_resolved": "?state__exact=resolved",
    "list_critical": "?severity__exact=CRITICAL",
    "list_type": "?rule__exact=STUCK",
    "list_batch": "?batch_code=CM-B07",
    "list_person": "?holder=user:person3",
    "list_nobody": "?holder=nobody",
    "list_by_hand": "?resolved_by_hand__exact=1",
    "list_day_of_business": "?business_date__gte={day}&business_date__lt={next_day}",
    "list_five_filters": "?severity__exact=INFO&rule__exact=TOO_FAST&batch_code=CM-B07"
    "&holder=user:person3&resolved_by_hand__exact=0",
    "search_common_word": "?q=failed",
    "search_rare_word": "?q=ORA-12545",
    "search_two_words": "?q=deadlock+cm-b07",
    "search_beginning": "?q=constr",
    "search_nothing": "?q=zebra",
    "search_number": "?q={id}",
    "search_in_a_filter": "?q=deadlock&severity__exact=CRITICAL",
    "drill_year": "?opened_at__year={year}",
    "drill_month": "?opened_at__year={year}&opened_at__month={month}",
    "drill_day": "?opened_at__year={year}&opened_at__month={month}&opened_at__day={of_month}",
    "drill_day_filtered": "?opened_at__year={year}&opened_at__month={month}"
    "&opened_at__day={of_month}&severity__exact=CRITICAL",
}
OTHERS = {
    "list_fragment": f"{LIST}fragment/",
    "alert_page": f"{LIST}{{id}}/change/",
    "alert_fragment": "/admin/alerts/{id}/fragment/",
    "banner_fragment": "/admin/alerts/banner/fragment/",
    "api_active_alerts": "/api/ami-operational/active-alerts",
    "api_list": "/api/alerts?limit=100",
    "api_list_searched": "/api/alerts?search=deadlock&severity=CRITICAL",
    "api_one": "/api/alerts/{id}",
}


def run() -> dict[str, Any]:
    """Fill a database of its own with ALERTS alerts, ask for each page, and drop it again.

    :raises Unavailable: when the role of DATABASE_URL may not make databases.
    """
    with scratch_database("alerts"), as_served():
        load_first_data()
        filled_s = fill_alerts()
        return {"alerts": ALERTS, "filled_s": round(filled_s, 1), **timed(_questions())}


def _questions() -> dict[str, Callable[[], object]]:
    client = visitor("Supervisor")
    alert = Alert.objects.order_by("-opened_at")[ALERTS // 3]
    day = alert.opened_at
    values = {
        "id": alert.pk,
        "year": day.year,
        "month": day.month,
        "of_month": day.day,
        "day": day.date(),
        "next_day": day.date() + timedelta(days=1),
    }
    addresses = {name: LIST + query for name, query in PAGES.items()} | OTHERS
    asked: dict[str, Callable[[], object]] = {
        name: asking(client, address.format(**values)) for name, address in addresses.items()
    }
    return {**asked, "banner_query": queries.count_open}


def fill_alerts() -> float:
    """Make alerts of three years, of which few are active; return how many seconds it took."""
    begun = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(FILL_SQL.read_text().replace(":alerts", str(ALERTS)))
        cursor.execute("VACUUM ANALYZE")
    return time.perf_counter() - begun


BENCH = Bench("alerts", f"milliseconds a page and a route take over {ALERTS:,} alerts", run)
