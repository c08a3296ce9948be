"""Route every address: the console under /admin/, the API under /api/."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from batchops.web import failures, probes
from batchops.web.metrics.page import metrics
from jobs import pages as jobs
from monitoring import pages as monitoring

admin.autodiscover()


def favicon(request: HttpRequest) -> HttpResponse:
    """Lead browsers that ask by habit, as for a JSON answer, to the icon that pages name."""
    return redirect(static("batchops/favicon.svg"))


handler400 = failures.bad_request
handler403 = failures.permission_denied
handler404 = failures.not_found
handler500 = failures.server_error

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("favicon.ico", favicon, name="favicon"),
    *probes.urls,
    path("metrics", metrics, name="metrics"),
    *jobs.redirects,
    *monitoring.redirects,
    path("admin", RedirectView.as_view(pattern_name="admin:index", query_string=True), name="bare"),
    path("admin/", admin.site.urls),
    path("api/", include("jobs.api")),
    path("api/", include("batchops.web.api_docs")),
    path("api/ami-operational/", include("monitoring.api")),
    path("api/", include("alerts.api")),
]
