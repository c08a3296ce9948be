"""Make the Django admin the place where alerts are acknowledged and their history is read."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from alerts import evidence
from alerts.models import Alert
from alerts.pages import AcknowledgeForm, ResolveForm, acknowledge_each, resolve_each
from batchops.access import actor_of
from batchops.errors import BatchOpsError
from batchops.paging import CappedPaginator


@admin.register(Alert)
class AlertAdmin(admin.ModelAdmin[Alert]):
    list_display = (
        "severity_badge",
        "message",
        "batch_code",
        "state_badge",
        "age",
        "who",
        "business_date",
    )
    list_display_links = ("message",)
    list_filter = ("state", "severity", "rule", "business_date")
    search_fields = ("=batch_code", "key__startswith", "message__icontains")
    search_help_text = _("A batch code, the beginning of a key, or words of the message")
    date_hierarchy = "opened_at"
    ordering = ("-opened_at", "-id")
    list_per_page = 50
    paginator = CappedPaginator
    show_full_result_count = False
    actions = ("acknowledge_selected", "resolve_selected")
    change_form_template = "alerts/alert.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Alert | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Alert | None = None) -> bool:
        return False

    def has_acknowledge_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("alerts.acknowledge_alert")

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("alerts.resolve_alert")

    @admin.display(description=_("Severity"), ordering="severity")
    def severity_badge(self, alert: Alert) -> str:
        return render_to_string("alerts/_badge.html", {"look": alert.severity_look})

    @admin.display(description=_("State"), ordering="state")
    def state_badge(self, alert: Alert) -> str:
        return render_to_string("alerts/_badge.html", {"look": alert.state_look})

    @admin.display(description=_("Age"), ordering="opened_at")
    def age(self, alert: Alert) -> str:
        return render_to_string("alerts/_age.html", {"alert": alert})

    @admin.display(description=_("Who has it"), ordering="acknowledged_by")
    def who(self, alert: Alert) -> str:
        return alert.acknowledged_by.partition(":")[2]

    @admin.action(description=_("Acknowledge selected alerts"), permissions=["acknowledge"])
    def acknowledge_selected(
        self, request: HttpRequest, queryset: QuerySet[Alert]
    ) -> HttpResponse | None:
        form = AcknowledgeForm(request.POST if "confirmed" in request.POST else None)
        if not form.is_valid():
            return self._ask(request, queryset, form, gettext("Acknowledge alerts"))
        given = form.cleaned_data
        moved, refused = acknowledge_each(
            _ids(queryset), actor=actor_of(request), at=timezone.now(), **given
        )
        _report(
            request,
            ngettext("%d alert is yours now.", "%d alerts are yours now.", moved) % moved,
            refused,
        )
        return None

    @admin.action(description=_("Resolve selected alerts by hand"), permissions=["resolve"])
    def resolve_selected(
        self, request: HttpRequest, queryset: QuerySet[Alert]
    ) -> HttpResponse | None:
        form = ResolveForm(request.POST if "confirmed" in request.POST else None)
        if not form.is_valid():
            return self._ask(request, queryset, form, gettext("Resolve alerts by hand"))
        moved, refused = resolve_each(
            _ids(queryset), actor=actor_of(request), at=timezone.now(), **form.cleaned_data
        )
        _report(
            request,
            ngettext("%d alert is resolved.", "%d alerts are resolved.", moved) % moved,
            refused,
        )
        return None

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        alert = self.get_object(request, object_id)
        extra = {} if alert is None else self._details(request, alert)
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **extra})

    def _details(self, request: HttpRequest, alert: Alert) -> dict[str, Any]:
        may = request.user.has_perm
        acknowledges = not alert.is_resolved and may("alerts.acknowledge_alert")
        resolves = not alert.is_resolved and alert.definition.by_hand
        return {
            "title": gettext("Alert %(id)s") % {"id": alert.pk},
            "subtitle": None,
            "alert": alert,
            "evidence": evidence.parts(alert.evidence),
            "events": alert.events.order_by("-id"),
            "acknowledge_form": AcknowledgeForm() if acknowledges else None,
            "resolve_form": ResolveForm() if resolves and may("alerts.resolve_alert") else None,
        }

    def _ask(
        self, request: HttpRequest, queryset: QuerySet[Alert], form: Form, title: str
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "form": form,
            "alerts": queryset[: self.list_per_page],
            "ids": _ids(queryset),
            "selected": request.POST.getlist("_selected_action"),
            "across": request.POST.get("select_across") == "1",
            "action": request.POST["action"],
        }
        return TemplateResponse(request, "alerts/confirm.html", context)


def _ids(alerts: QuerySet[Alert]) -> list[int]:
    return list(alerts.order_by("id").values_list("id", flat=True))


def _report(request: HttpRequest, moved: str, refused: list[BatchOpsError]) -> None:
    messages.success(request, moved)
    for error in refused[:5]:
        messages.warning(request, error.message)
    if len(refused) > 5:
        rest = len(refused) - 5
        messages.warning(request, gettext("%d more could not be moved.") % rest)
