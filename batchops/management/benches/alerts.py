"""Measure the pages and routes of alerts over a million of them, in a database of its own."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import Any

from django.contrib.auth.models import Group
from django.db import connection
from django.http import HttpResponseBase
from django.test import Client

from alerts import queries
from alerts.models import Alert
from batchops.errors import Unavailable
from batchops.house.release import collect_static_files
from batchops.management.benches import Bench
from batchops.management.scratch import scratch_database
from batchops.models import User
from batchops.web.first_data import load_first_data

ALERTS = 1_000_000
ASKED = 40  # times that each is asked, after some to warm up
WARMED = 5
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

    Figures are milliseconds in the server, from the request to the whole answer: 95 of 100
    answers came within them.

    :raises Unavailable: when the role of DATABASE_URL may not make databases.
    """
    collect_static_files()
    with scratch_database("alerts"):
        load_first_data()
        filled_s = _fill()
        asked = _questions()
        return {
            "alerts": ALERTS,
            "filled_s": round(filled_s, 1),
            **{f"{name}_p95_ms": _p95_ms(ask) for name, ask in asked.items()},
        }


def _questions() -> dict[str, Callable[[], object]]:
    client = _client()
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
        name: partial(_get, client, address.format(**values)) for name, address in addresses.items()
    }
    return {**asked, "banner_query": queries.count_open}


def _client() -> Client:
    user = User.objects.create_user("bench", is_staff=True)
    user.groups.add(Group.objects.get(name="Supervisor"))
    client = Client(headers={"host": "localhost"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _get(client: Client, address: str) -> HttpResponseBase:
    response = client.get(address)
    if response.status_code != 200:
        raise Unavailable(f"{address} answered {response.status_code}, so it cannot be measured.")
    return response


def _p95_ms(ask: Callable[[], object]) -> float:
    for _ in range(WARMED):
        ask()
    return round(quantiles([_took_ms(ask) for _ in range(ASKED)], n=20)[-1], 1)


def _took_ms(ask: Callable[[], object]) -> float:
    begun = time.perf_counter()
    ask()
    return (time.perf_counter() - begun) * 1000


def _fill() -> float:
    """Make alerts of three years, of which few are active; return how many seconds it took."""
    begun = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(FILL_SQL.read_text().replace(":alerts", str(ALERTS)))
        cursor.execute("VACUUM ANALYZE")
    return time.perf_counter() - begun


BENCH = Bench("alerts", f"milliseconds a page and a route take over {ALERTS:,} alerts", run)
