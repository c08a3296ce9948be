"""Show what the API is: as an OpenAPI document, and as pages that can try it."""

from csp.constants import SELF
from csp.decorators import csp_update
from django.http import JsonResponse
from django.urls import URLPattern, re_path
from django.utils.decorators import method_decorator
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.response import Response
from rest_framework.views import APIView

READ = {"GET": "jobs.view_job"}


class RefusingInJson(APIView):
    """Base of what answers in YAML or HTML: refusals are what they are everywhere."""

    def handle_exception(self, exc: Exception) -> Response:
        refusal = super().handle_exception(exc)
        json = JsonResponse(refusal.data, status=refusal.status_code)
        for name in ("Retry-After", "WWW-Authenticate"):
            if name in refusal.headers:
                json[name] = refusal[name]
        return json  # type: ignore[return-value] # any answer does


class Schema(RefusingInJson, SpectacularAPIView):
    """The OpenAPI document, in YAML or, by `Accept` or `?format=json`, in JSON."""

    required_permissions = READ
    content_negotiation_class = DefaultContentNegotiation


# Its style sheet holds small drawings as data: addresses.
@method_decorator(csp_update({"img-src": [SELF, "data:"]}), name="dispatch")
class Pages(RefusingInJson, SpectacularSwaggerSplitView):
    """The OpenAPI document as pages, with assets from this server."""

    required_permissions = READ
    url_name = "api-schema"
    title = "BatchOps API"


urlpatterns: list[URLPattern] = [
    re_path(r"^schema/?$", Schema.as_view(), name="api-schema"),
    re_path(r"^docs/?$", Pages.as_view(), name="api-docs"),
]
