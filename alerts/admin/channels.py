"""Show the channels in the admin: whom they tell what, and whether they work."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alerts import lifecycle
from alerts.admin.mails import warn_of_given_up
from alerts.forms import ChannelForm
from alerts.models import Channel
from alerts.pages import secret_page
from alerts.queries import health_of
from alerts.standings import look_of
from alerts.states import ChannelKind
from batchops.db import database_now
from batchops.moments import NATIVE_INPUTS
from batchops.row_history import RowHistory

WHEN = ("minimum_severity", "rules", "batches", "job_ends", "days", "hours_from", "hours_until")


@admin.register(Channel)
class ChannelAdmin(RowHistory, admin.ModelAdmin[Channel]):
    """Who is told about what. A channel is switched off, never deleted."""

    form = ChannelForm
    formfield_overrides = NATIVE_INPUTS
    list_display = ("name", "kind", "minimum_severity", "written_to", "state", "last_failure")
    ordering = ("-is_default", "name")
    change_form_template = "alerts/channel.html"

    def has_delete_permission(self, request: HttpRequest, obj: Channel | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Channel | None = None) -> Any:
        if obj is None:
            return ("kind", "name", "enabled", "recipients", "address", *WHEN, "per_minute")
        if obj.is_default:
            return ("name", "kind", "minimum_severity", "written_to", "enabled", "state")
        if obj.kind == ChannelKind.EMAIL:
            return ("name", "kind", "enabled", "state", "recipients", *WHEN, "per_minute")
        kept = ("written_to", "address", "secret_changed_at")
        return ("name", "kind", "enabled", "state", *kept, *WHEN, "per_minute")

    def get_readonly_fields(self, request: HttpRequest, obj: Channel | None = None) -> Any:
        if obj is None:
            return ()
        # What the default channel does, the settings say.
        own = ("name", "minimum_severity") if obj.is_default else ()
        return ("kind", "state", "written_to", "secret_changed_at", *own)

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: Any) -> None:
        super().save_model(request, obj, form, change)
        if form.cleaned_data.get("address"):
            lifecycle.keep_address(
                obj.pk,
                address=form.cleaned_data["address"],
                place=form.place,
                at=database_now(),
            )
        elif change:
            lifecycle.forget_troubles(obj.pk)

    def response_add(
        self, request: HttpRequest, obj: Channel, post_url_continue: str | None = None
    ) -> HttpResponse:
        if obj.kind != ChannelKind.WEBHOOK:
            return super().response_add(request, obj, post_url_continue)
        made = lifecycle.make_signing_secret(obj.pk, at=database_now())
        return secret_page(request, obj, made)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self._warn(request, Channel.objects.filter(is_default=True).first())
        warn_of_given_up(request)
        return super().changelist_view(request, extra_context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        channel = self.get_object(request, object_id)
        if request.method == "GET":
            self._warn(request, channel)
        extra = {**(extra_context or {}), "channel": channel}
        return super().change_view(request, object_id, form_url, extra)

    @admin.display(description=_("Written to"))
    def written_to(self, channel: Channel) -> str:
        return ", ".join(channel.addresses) or gettext("nobody")

    @admin.display(description=_("State"))
    def state(self, channel: Channel) -> str:
        return render_to_string(
            "alerts/_badge.html", {"look": look_of(channel, health_of(channel))}
        )

    @admin.display(description=_("Why"), empty_value="")
    def last_failure(self, channel: Channel) -> str:
        health = health_of(channel)
        if not channel.enabled or health is None or not health.sentence:
            return ""
        waiting = reverse("admin:alerts_delivery_changelist") + f"?channel__id__exact={channel.pk}"
        return format_html('<a href="{}">{}</a>', waiting, health.sentence)

    def _warn(self, request: HttpRequest, channel: Channel | None) -> None:
        if not (channel and channel.missing and self.has_view_permission(request)):
            return
        said = (
            gettext(
                "Mail not configured: set %(names)s and restart. Until then no mail is sent; "
                "alerts open all the same."
            )
            if channel.kind == ChannelKind.EMAIL
            else gettext("Its secrets cannot be opened: set %(names)s and restart.")
        )
        messages.warning(request, said % {"names": ", ".join(channel.missing)})
