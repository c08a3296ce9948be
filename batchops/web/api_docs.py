"""Show what the API is: as an OpenAPI document, and as pages that can try it."""

from csp.constants import SELF
from csp.decorators import csp_update
from django.urls import URLPattern, re_path
from django.utils.decorators import method_decorator
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

READ = {"GET": "jobs.view_job"}


class Schema(SpectacularAPIView):
    """The OpenAPI document, in YAML or, by `Accept` or `?format=json`, in JSON."""

    required_permissions = READ


# Its style sheet holds small drawings as data: addresses.
@method_decorator(csp_update({"img-src": [SELF, "data:"]}), name="dispatch")
class Pages(SpectacularSwaggerSplitView):
    """The OpenAPI document as pages, with assets from this server."""

    required_permissions = READ
    url_name = "api-schema"
    title = "BatchOps API"


urlpatterns: list[URLPattern] = [
    re_path(r"^schema/?$", Schema.as_view(), name="api-schema"),
    re_path(r"^docs/?$", Pages.as_view(), name="api-docs"),
]
