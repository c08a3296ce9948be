"""Compose the console's pages out of all apps, and say where each lives under /admin/."""

from django.urls import URLPattern, URLResolver


def console_urls() -> list[URLPattern | URLResolver]:
    """Return the pages that stand before the stock admin's own."""
    from alerts import pages as alerts
    from batchops.web import administration, dashboard, search, styleguide, time_zone
    from batchops.web.health import pages as health
    from batchops.web.reports import pages as reports
    from jobs import pages as jobs
    from monitoring import pages as monitoring

    return [
        *dashboard.urls,
        *administration.urls,
        *health.urls,
        *styleguide.urls,
        *search.urls,
        *time_zone.urls,
        *reports.urls,
        *alerts.urls,
        *jobs.urls,
        *monitoring.urls,
    ]
