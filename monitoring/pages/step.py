"""Show one step of the workflow: what is usual for it, and how it went over the days."""

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext

from batchops.access import AuthenticatedHttpRequest
from batchops.errors import NotFound
from batchops.exports import FORMS
from batchops.pages import page, render_page
from monitoring import queries
from monitoring.models import Step
from monitoring.pages.asking import VIEW, checked
from monitoring.rules.catalogue import KINDS
from monitoring.serializers import StepAsked
from monitoring.step_history import step_history

RANGES = (30, 90, 400)
PAGE_DAYS = 14


@page(VIEW)
def one_step(request: AuthenticatedHttpRequest, batch_code: str) -> HttpResponse:
    shown = _step(request, batch_code)
    files = {"forms": FORMS, "matching": urlencode({"batchCode": batch_code})}
    title = gettext("Step %(code)s") % {"code": batch_code}
    return render_page(
        request, "monitoring/step.html", {"title": title, "rules": KINDS, **files, **shown}
    )


@page(VIEW)
def step_fragment(request: AuthenticatedHttpRequest, batch_code: str) -> HttpResponse:
    return TemplateResponse(request, "monitoring/_history.html", _step(request, batch_code))


def _step(request: AuthenticatedHttpRequest, batch_code: str) -> dict[str, Any]:
    step = Step.objects.filter(batch_code=batch_code).first()
    if step is None:
        raise NotFound(
            gettext("The workflow has no step %(code)s. Its steps stand on Today.")
            % {"code": batch_code[:40]}
        )
    asked = checked(StepAsked, request).validated_data
    days, fresh = asked["days"], queries.freshness(timezone.now())
    history = step_history(step, fresh, days=days)
    # A page that there no longer is shows the last one.
    page: Page[Any] = Paginator(history.facts[::-1], PAGE_DAYS).get_page(asked["page"])
    page.object_list = history.shown(page.object_list)
    return {
        "step": step,
        "fresh": fresh,
        "days": days,
        "query": request.GET.urlencode(),
        "ranges": [{"days": n, "current": n == days} for n in RANGES],
        "history": history,
        "page": page,
    }
