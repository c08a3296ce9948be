"""Store forecasts, and how those of past days come out."""

from collections.abc import Iterable
from datetime import datetime

from monitoring.lifecycle.retention import ROWS_A_BATCH, removed
from monitoring.models import Forecast, ForecastTest

FORECASTS_SQL = """
    DELETE FROM monitoring_forecast WHERE id = ANY(ARRAY(
        SELECT id FROM monitoring_forecast WHERE at < %s
         ORDER BY at LIMIT %s FOR UPDATE SKIP LOCKED))
"""


def store_forecast(forecast: Forecast) -> None:
    """Store a forecast; nothing changes if there is one of its reading."""
    Forecast.objects.bulk_create([forecast], ignore_conflicts=True)


def store_tests(tests: Iterable[ForecastTest]) -> None:
    """Store how forecasts of past days come out, in place of what an older method said."""
    ForecastTest.objects.bulk_create(
        tests,
        update_conflicts=True,
        unique_fields=["business_date"],
        update_fields=[
            field.name
            for field in ForecastTest._meta.concrete_fields
            if field.name not in ("id", "business_date")
        ],
    )


def remove_forecasts(*, before: datetime, limit: int = ROWS_A_BATCH) -> int:
    """Remove forecasts made before a moment of CC&B's clock; return how many.

    How forecasts of past days came out stays.
    """
    return removed(FORECASTS_SQL, [before, limit])
