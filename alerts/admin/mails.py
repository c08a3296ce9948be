"""Show in the admin every message that was or is to be sent."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from alerts.bulk import retry_each
from alerts.models import Delivery, DeliveryAttempt
from alerts.pages import given_up_note
from alerts.states import WAITING, DeliveryState
from batchops.access import actor_of
from batchops.db import database_now
from batchops.errors import BatchOpsError
from batchops.paging import CappedPaginator
from batchops.read_only import ReadOnly

AT_ONCE = 500  # mails that one action has tried again


class AttemptInline(admin.TabularInline[DeliveryAttempt, Delivery]):
    """Each try to send a mail, oldest first."""

    model = DeliveryAttempt
    fields = readonly_fields = ("at", "outcome", "took_s", "sentence")
    ordering = ("id",)
    extra = max_num = 0
    can_delete = False
    verbose_name_plural = _("tries")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.fields, "replies") if _sees_addresses(request) else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("alerts.view_delivery")


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, admin.ModelAdmin[Delivery]):
    """Every message that was or is to be sent, each with its tries."""

    list_display = (
        "created_at",
        "about",
        "kind",
        "to_whom",
        "state_badge",
        "attempts",
        "next_try",
        "sent_at",
    )
    list_filter = ("state", "kind", "channel")
    list_select_related = ("alert", "channel", "notice", "reader")
    fields = (
        "about",
        "to_whom",
        "state_badge",
        "attempts",
        "created_at",
        "next_try",
        "give_up_at",
        "sent_at",
        "message_id",
    )
    inlines = (AttemptInline,)
    ordering = ("-id",)
    list_per_page = 50
    paginator = CappedPaginator
    show_full_result_count = False
    sortable_by = ()  # any other order would sort all that was ever mailed
    actions = ("retry_selected",)

    def get_fields(self, request: HttpRequest, obj: Delivery | None = None) -> Any:
        shown = self.fields
        return (*shown, "delivered_to", "address") if _sees_addresses(request) else shown

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        warn_of_given_up(request)
        return super().changelist_view(request, extra_context)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("alerts.retry_delivery")

    @admin.display(description=_("About"))
    def about(self, delivery: Delivery) -> str:
        if delivery.notice:
            return format_html('<a href="{}">{}</a>', delivery.notice.url, delivery.notice.subject)
        address = reverse("admin:alerts_alert_change", args=[delivery.alert_id])
        return format_html(
            '<a href="{}">{}</a>', address, delivery.alert and delivery.alert.message
        )

    @admin.display(description=_("To"))
    def to_whom(self, delivery: Delivery) -> str:
        return str(delivery.channel or delivery.reader or gettext("an address"))

    @admin.display(description=_("State"), ordering="state")
    def state_badge(self, delivery: Delivery) -> str:
        return render_to_string("alerts/_badge.html", {"look": delivery.look})

    @admin.display(description=_("Next try"), ordering="next_try_at", empty_value="")
    def next_try(self, delivery: Delivery) -> datetime | None:
        failed = delivery.state == DeliveryState.FAILED
        return delivery.next_try_at if failed else delivery.held_until

    @admin.action(description=_("Try the selected mails again now"), permissions=["retry"])
    def retry_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        waiting = queryset.filter(state__in=WAITING).order_by("id")
        ids = list(waiting.values_list("id", flat=True)[: AT_ONCE + 1])
        if len(ids) > AT_ONCE:
            said = gettext("These are more than %d mails. Narrow the list down first.") % AT_ONCE
            messages.error(request, said)
            return
        if not ids:
            messages.warning(request, gettext("None of these mails waits for another try."))
            return
        done = retry_each(ids, actor=actor_of(request), at=database_now())
        refused = [each.refusal for each in done if each.refusal]
        moved = len(done) - len(refused)
        said = ngettext("%d mail is tried again now.", "%d mails are tried again now.", moved)
        _report(request, said % moved, refused)


def warn_of_given_up(request: HttpRequest) -> None:
    """Say on a page that something was given up lately."""
    if request.method == "GET" and (said := given_up_note(request)):
        messages.warning(request, said)


def _sees_addresses(request: HttpRequest) -> bool:
    return request.user.has_perm("alerts.view_channel")


def _report(request: HttpRequest, moved: str, refused: list[BatchOpsError]) -> None:
    messages.success(request, moved)
    for error in refused[:5]:
        messages.warning(request, error.message)
    if len(refused) > 5:
        rest = len(refused) - 5
        messages.warning(request, gettext("%d more could not be moved.") % rest)
