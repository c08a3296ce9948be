"""Make the Django admin the place for alerts: their list, their history, moves on many."""

import re
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.templatetags.admin_list import result_headers
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from alerts import listing
from alerts.admin.drilldown import drill_down, require_level
from alerts.admin.filters import BatchFilter, HolderFilter
from alerts.bulk import Done, acknowledge_each, resolve_each
from alerts.exports import alerts_export
from alerts.models import Alert, AlertQuerySet
from alerts.pages import AcknowledgeForm, ResolveForm, alert_context, given_up_note
from batchops.access import actor_of
from batchops.errors import InvalidInput, NotFound
from batchops.exports import FORMS, stream
from batchops.pages import page, render_error
from batchops.paging import CappedPaginator
from batchops.read_only import ReadOnly

ID = re.compile(r"[0-9]{1,18}")
LOOKUPS = {
    "state__exact",
    "severity__exact",
    "rule__exact",
    "resolved_by_hand__exact",
    "muted_until__isnull",
    "business_date__gte",
    "business_date__lt",
    "business_date__isnull",
    "opened_at__year",
    "opened_at__month",
    "opened_at__day",
    HolderFilter.parameter_name,
    BatchFilter.parameter_name,
}
COLUMNS = (
    "severity",
    "message",
    "batch_code",
    "state",
    "opened_at",
    "acknowledged_by",
    "business_date",
)
# What a row tells besides.
NOTED = ("record_only", "muted_until", "openings")
AT_ONCE = 500  # alerts that one action moves; each is a field of the page that asks


class AlertPaginator(CappedPaginator):
    """Count as many as somebody leafs through; the filters and the dates lead to the rest."""

    counted = 1001  # the last one only says that there are more

    def validate_number(self, number: Any) -> int:
        """Return the last page for one behind it: lists grow shorter while people read them."""
        return super().validate_number(min(int(number), self.num_pages))


class AlertChangeList(ChangeList):
    """What the list's template asks of a page of alerts."""

    def get_filters(self, request: HttpRequest) -> Any:
        """Refuse dates that no calendar has, on which the stock list breaks."""
        try:
            require_level(self.params)
            return super().get_filters(request)
        except ValueError as error:
            raise IncorrectLookupParameters(error) from error

    def get_results(self, request: HttpRequest) -> None:
        """Read the page that is shown, without what is only for exports and an alert's own page."""
        super().get_results(request)
        self.page_num = min(self.page_num, self.paginator.num_pages)
        self.result_list = self.result_list.only(*COLUMNS, *NOTED)

    @cached_property
    def headers(self) -> list[dict[str, Any]]:
        return list(result_headers(self))

    @property
    def has_checkboxes(self) -> bool:
        return "action_checkbox" in self.list_display

    @cached_property
    def drill(self) -> dict[str, Any]:
        return drill_down(self)

    @property
    def fragment(self) -> str:
        return self._address("fragment", page=self.page_num)

    @property
    def exports(self) -> list[tuple[str, str]]:
        """The forms in which all that match can be had, each with its address."""
        return [(form, self._address("export", form)) for form in FORMS]

    @property
    def pages(self) -> list[int | str]:
        return list(self.paginator.get_elided_page_range(self.page_num))

    @property
    def count_words(self) -> str:
        n = self.result_count
        if n >= AlertPaginator.counted:
            most = number_format(n - 1, use_l10n=True)
            return gettext("more than %(n)s alerts") % {"n": most}
        return ngettext("%d alert", "%d alerts", n) % n

    def _address(self, name: str, *args: str, page: int = 1) -> str:
        asked = self.get_query_string({PAGE_VAR: page} if page > 1 else {})
        return reverse(f"admin:alerts_alert_{name}", args=args) + asked


@admin.register(Alert)
class AlertAdmin(ReadOnly, admin.ModelAdmin[Alert]):
    list_display = COLUMNS
    list_display_links = ("message",)
    # Any other order would sort a million rows; the filters find what is bad or open.
    sortable_by = ("opened_at",)
    list_filter = (
        "state",
        "severity",
        HolderFilter,
        "rule",
        BatchFilter,
        "business_date",
        "resolved_by_hand",
    )
    show_facets = admin.ShowFacets.NEVER
    search_fields = ("message",)
    search_help_text = _(
        "Words of the message, the type, the batch, the run or job, or the note, of which the last "
        "may be only begun; or an alert's number"
    )
    date_hierarchy = "opened_at"
    ordering = ("-opened_at", "-id")
    list_per_page = 50
    paginator = AlertPaginator
    show_full_result_count = False
    actions = ("acknowledge_selected", "resolve_selected")
    change_form_template = "alerts/alert.html"

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow what the filters and the dates ask for, each by an index, and nothing else."""
        return lookup in LOOKUPS

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the alert's page, which shows all that happened to it."""
        return redirect("admin:alerts_alert_change", object_id)

    def has_acknowledge_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("alerts.acknowledge_alert")

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("alerts.resolve_alert")

    def get_urls(self) -> list[URLPattern]:
        def guarded(view: Any) -> Any:
            return self.admin_site.admin_view(page("alerts.view_alert")(view))

        own = [
            path("fragment/", guarded(self.fragment), name="alerts_alert_fragment"),
            path("export/<str:form>/", guarded(self.export), name="alerts_alert_export"),
        ]
        return [*own, *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return AlertChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        assert isinstance(queryset, AlertQuerySet)
        return listing.searched(queryset, search_term) if search_term else queryset, False

    def fragment(self, request: HttpRequest) -> HttpResponse:
        context = {
            "cl": self._asked_list(request),
            "opts": self.opts,
            "given_up": given_up_note(request),
        }
        return TemplateResponse(request, "alerts/_list.html", context)

    def export(self, request: HttpRequest, form: str) -> HttpResponseBase:
        if form not in FORMS:
            said = gettext("Lists are exported as %s.") % ", ".join(FORMS)
            raise NotFound(said)
        return stream(alerts_export(self._asked_list(request).queryset), form)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if not all(map(ID.fullmatch, chosen)):
            return render_error(request, InvalidInput(gettext("Choose alerts from the list.")))
        if len(chosen) > AT_ONCE:
            return _too_many(request)
        shown = {"title": gettext("Alerts"), "given_up": given_up_note(request)}
        return super().changelist_view(request, shown | (extra_context or {}))

    @admin.action(description=_("Acknowledge selected alerts"), permissions=["acknowledge"])
    def acknowledge_selected(
        self, request: HttpRequest, queryset: QuerySet[Alert]
    ) -> HttpResponse | None:
        form = AcknowledgeForm(request.POST if "confirmed" in request.POST else None)
        if not form.is_valid():
            return self._ask(request, queryset, form, gettext("Acknowledge alerts"))
        done = acknowledge_each(
            _chosen(request),
            actor=actor_of(request),
            at=timezone.now(),
            note=form.cleaned_data["note"],
            until=form.cleaned_data["until"] or ...,
        )
        return self._tell(request, done, gettext("Acknowledged"))

    @admin.action(description=_("Resolve selected alerts by hand"), permissions=["resolve"])
    def resolve_selected(
        self, request: HttpRequest, queryset: QuerySet[Alert]
    ) -> HttpResponse | None:
        form = ResolveForm(request.POST if "confirmed" in request.POST else None)
        if not form.is_valid():
            return self._ask(request, queryset, form, gettext("Resolve alerts by hand"))
        done = resolve_each(
            _chosen(request), actor=actor_of(request), at=timezone.now(), **form.cleaned_data
        )
        return self._tell(request, done, gettext("Resolved"))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        alert = self.get_object(request, object_id)
        extra = {} if alert is None else alert_context(request, alert)
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **extra})

    def _asked_list(self, request: HttpRequest) -> AlertChangeList:
        try:
            asked = self.get_changelist_instance(request)
        except IncorrectLookupParameters as error:
            raise InvalidInput(gettext("This list cannot be narrowed down so.")) from error
        assert isinstance(asked, AlertChangeList)
        return asked

    def _ask(
        self, request: HttpRequest, queryset: QuerySet[Alert], form: Form, title: str
    ) -> HttpResponse:
        """Ask for the note, naming each alert, so that no other one slips in meanwhile."""
        alerts = list(queryset.order_by("-opened_at", "-id")[: AT_ONCE + 1])
        if len(alerts) > AT_ONCE:
            return _too_many(request)
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "form": form,
            "alerts": alerts,
            "action": request.POST["action"],
        }
        return TemplateResponse(request, "alerts/confirm.html", context)

    def _tell(self, request: HttpRequest, done: list[Done], moved: str) -> HttpResponse:
        """Say of each alert what became of it."""
        alerts = Alert.objects.in_bulk([each.id for each in done])
        context = {
            **self.admin_site.each_context(request),
            "title": _summary(done, moved),
            "opts": self.opts,
            "done": [(alerts.get(each.id), each) for each in done],
            "moved": moved,
        }
        return TemplateResponse(request, "alerts/done.html", context)


def _chosen(request: HttpRequest) -> list[int]:
    # Locks are taken one alert at a time, so the order is the page's.
    return list(dict.fromkeys(map(int, request.POST.getlist(ACTION_CHECKBOX_NAME))))


def _too_many(request: HttpRequest) -> HttpResponse:
    said = gettext("These are more than %d alerts. Narrow the list down first.")
    return render_error(request, InvalidInput(said % AT_ONCE))


def _summary(done: list[Done], moved: str) -> str:
    n = sum(each.refusal is None for each in done)
    return gettext("%(moved)s: %(n)d of %(all)d") % {"moved": moved, "n": n, "all": len(done)}
