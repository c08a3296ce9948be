"""Route every address: the console under /admin/, the API under /api/."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from jobs import pages as jobs

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    *jobs.redirects,
    path("admin/", admin.site.urls),
    path("api/", include("jobs.api")),
    path("api/ami-operational/", include("monitoring.api")),
    path("api/ami-operational/", include("alerts.api")),
]
