"""Let administrators say which reports are mailed when and to whom, and see what became of them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alerts.bulletin_forms import BulletinForm
from alerts.models import Bulletin, BulletinSlot
from batchops.db import database_now
from batchops.live.publish import publish
from batchops.looks import Look
from batchops.moments import NATIVE_INPUTS
from batchops.row_history import RowHistory

SLOTS_SHOWN = 31
TIMED = {"enabled", "at"}  # a change of these makes what was due before stay unsent
ON = Look("on", "On", "ok", "check")
OFF = Look("off", "Switched off", "neutral", "bell-off")


class SlotInline(admin.TabularInline[BulletinSlot, Bulletin]):
    """What became of the last days, newest first."""

    model = BulletinSlot
    fields = readonly_fields = ("business_date", "due_at", "outcome", "decided_at", "reason")
    extra = max_num = 0
    can_delete = False
    verbose_name_plural = _("last days")

    def get_queryset(self, request: HttpRequest) -> QuerySet[BulletinSlot]:
        found = super().get_queryset(request)
        named = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
        newest = found.filter(bulletin=named or None).order_by("-business_date")
        kept = list(newest.values_list("pk", flat=True)[:SLOTS_SHOWN])
        return found.filter(pk__in=kept).order_by("-business_date")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("alerts.view_bulletin")


@admin.register(Bulletin)
class BulletinAdmin(RowHistory, admin.ModelAdmin[Bulletin]):
    """Reports by mail. One is switched off, never deleted: what became of it stays."""

    form = BulletinForm
    formfield_overrides = NATIVE_INPUTS
    list_display = ("name", "kind", "due", "written_to", "state")
    fields = ("kind", "name", "at", "recipients", "enabled")
    readonly_fields = ("kind",)
    ordering = ("kind", "at", "name")
    inlines = (SlotInline,)

    def has_delete_permission(self, request: HttpRequest, obj: Bulletin | None = None) -> bool:
        return False

    def get_inlines(self, request: HttpRequest, obj: Bulletin | None) -> Any:
        return self.inlines if obj else ()

    def save_model(self, request: HttpRequest, obj: Bulletin, form: Any, change: Any) -> None:
        if not change or TIMED & set(form.changed_data):
            obj.set_at = database_now()
        super().save_model(request, obj, form, change)
        publish("bulletins")

    @admin.display(description=_("Time"), ordering="at")
    def due(self, bulletin: Bulletin) -> str:
        return f"{bulletin.at:%H:%M}" if bulletin.at else gettext("at the day's deadline")

    @admin.display(description=_("Written to"))
    def written_to(self, bulletin: Bulletin) -> str:
        return ", ".join(bulletin.addresses) or gettext("nobody")

    @admin.display(description=_("State"), ordering="enabled")
    def state(self, bulletin: Bulletin) -> str:
        return render_to_string("alerts/_badge.html", {"look": ON if bulletin.enabled else OFF})
