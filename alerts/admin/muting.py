"""Let people keep silences, maintenance windows, and what follows when nobody takes an alert."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from alerts import lifecycle
from alerts.evidence import moment
from alerts.models import Alert, EscalationStep, MaintenanceWindow, Mute, Reminder, Silence
from alerts.mute_forms import SilenceForm, WindowForm
from batchops.access import actor_of
from batchops.db import database_now
from batchops.errors import BatchOpsError
from batchops.looks import Look
from batchops.moments import NATIVE_INPUTS
from batchops.row_history import RowHistory

COMING = Look("coming", "Coming", "neutral", "clock")
IN_EFFECT = Look("in_effect", "In effect", "warn", "bell-off")
OVER = Look("over", "Over", "ok", "check")
OFF = Look("off", "Switched off", "neutral", "bell-off")
NEXT_SHOWN = 3


@admin.register(Silence)
class SilenceAdmin(RowHistory, admin.ModelAdmin[Silence]):
    """Whom nobody wakes, until when, and who said so. A silence is ended, never deleted."""

    form = SilenceForm
    formfield_overrides = NATIVE_INPUTS
    list_display = ("state", "muted", "key", "from_at", "until_at", "reason", "who")
    list_display_links = ("muted",)
    list_filter = ("rule", "severity")
    search_fields = ("reason", "batch_code", "key", "made_by")
    ordering = ("-until_at", "-id")
    list_per_page = 50
    actions = ("end_selected",)

    def has_delete_permission(self, request: HttpRequest, obj: Silence | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Silence | None = None) -> Any:
        return ("key", "who") if obj else ()

    def get_fields(self, request: HttpRequest, obj: Silence | None = None) -> Any:
        return (*SilenceForm.Meta.fields, *self.get_readonly_fields(request, obj))

    def save_model(self, request: HttpRequest, obj: Silence, form: Any, change: Any) -> None:
        lifecycle.keep_silence(obj, at=database_now(), actor=actor_of(request))
        _warn_of_unknown(request, obj)

    @admin.display(description=_("Who"), ordering="made_by")
    def who(self, silence: Silence) -> str:
        return silence.made_by.partition(":")[2]

    @admin.display(description=_("Silenced"))
    def muted(self, silence: Silence) -> str:
        return silence.scope_words

    @admin.display(description=_("State"))
    def state(self, silence: Silence) -> str:
        now = timezone.now()
        over = OVER if silence.until_at <= now else COMING
        return _badge(IN_EFFECT if silence.until(now) else over)

    @admin.action(description=_("End the selected silences now"), permissions=["change"])
    def end_selected(self, request: HttpRequest, queryset: QuerySet[Silence]) -> None:
        ended = 0
        for silence_id in queryset.order_by("id").values_list("id", flat=True):
            try:
                lifecycle.end_silence(silence_id, at=database_now(), actor=actor_of(request))
                ended += 1
            except BatchOpsError as error:
                messages.warning(request, error.message)
        said = ngettext("%d silence is ended.", "%d silences are ended.", ended)
        messages.success(request, said % ended)


@admin.register(MaintenanceWindow)
class MaintenanceWindowAdmin(RowHistory, admin.ModelAdmin[MaintenanceWindow]):
    """Times that come again, in which nobody is told of alerts."""

    form = WindowForm
    list_display = ("name", "state", "muted", "when", "minutes", "next_times")
    readonly_fields = ("next_times",)
    fields = (*WindowForm.Meta.fields, "next_times")
    ordering = ("name",)

    def save_model(
        self, request: HttpRequest, obj: MaintenanceWindow, form: Any, change: Any
    ) -> None:
        super().save_model(request, obj, form, change)
        lifecycle.settle_mutes(at=database_now(), actor=actor_of(request))
        _warn_of_unknown(request, obj)

    @admin.display(description=_("Silenced"))
    def muted(self, window: MaintenanceWindow) -> str:
        return window.scope_words

    @admin.display(description=_("When"))
    def when(self, window: MaintenanceWindow) -> str:
        return f"{window.begins.words}, {window.zone}"

    @admin.display(description=_("Next times"))
    def next_times(self, window: MaintenanceWindow) -> str:
        if not window.pk:
            return gettext("Shown when it is saved.")
        times = window.begins.next_times(timezone.now(), count=NEXT_SHOWN)
        spans = (
            (
                gettext("%(from)s to %(until)s")
                % {"from": moment(at), "until": moment(at + window.length)},
            )
            for at in times
        )
        return format_html_join("; ", "{}", spans)

    @admin.display(description=_("State"))
    def state(self, window: MaintenanceWindow) -> str:
        on = IN_EFFECT if window.until(timezone.now()) else COMING
        return _badge(on if window.enabled else OFF)


@admin.register(EscalationStep)
class EscalationStepAdmin(RowHistory, admin.ModelAdmin[EscalationStep]):
    """Who hears next of an alert that nobody has acknowledged."""

    list_display = ("severity", "after_minutes", "channel", "enabled")
    list_display_links = ("severity", "after_minutes")
    list_select_related = ("channel",)
    fields = ("severity", "after_minutes", "channel", "enabled")
    ordering = ("severity", "after_minutes", "id")


@admin.register(Reminder)
class ReminderAdmin(RowHistory, admin.ModelAdmin[Reminder]):
    """How often it is told again that nobody has an alert; switched off, never deleted."""

    list_display = ("severity", "every_minutes", "enabled")
    fields = ("severity", "every_minutes", "enabled")
    ordering = ("severity",)

    def has_delete_permission(self, request: HttpRequest, obj: Reminder | None = None) -> bool:
        return False  # the first data would put a deleted one back


def _badge(look: Look) -> str:
    return render_to_string("alerts/_badge.html", {"look": look})


def _warn_of_unknown(request: HttpRequest, mute: Mute) -> None:
    """Say that nothing bore this code yet: it may be written wrong, or be new."""
    code = mute.batch_code
    if code and not Alert.objects.filter(batch_code=code).exists():
        said = gettext("It is kept, but no alert was ever about '%s': check how it is written.")
        messages.warning(request, said % code)
