"""Let people edit the workflow and how CC&B is watched, and read what was seen."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from batchops.live.publish import publish
from batchops.paging import CappedPaginator
from batchops.read_only import ReadOnly
from batchops.templatetags.batchops import duration
from monitoring import queries, timeline
from monitoring.models import MonitoringConfig, Poll, Run, RunEvent, Step


@admin.register(Step)
class StepAdmin(admin.ModelAdmin[Step]):
    list_display = (
        "sequence_order",
        "batch_code",
        "source_batch_cd",
        "name",
        "expected_start",
        "expected_minutes",
        "max_minutes",
        "depends_on",
        "is_critical",
    )
    list_display_links = ("batch_code",)
    fieldsets = (
        (None, {"fields": ("batch_code", "source_batch_cd", "name", "sequence_order")}),
        (
            _("When"),
            {
                "fields": (
                    "expected_start",
                    "grace_minutes",
                    "expected_minutes",
                    "max_minutes",
                    "repeats",
                    "drains_imd",
                    "depends_on",
                )
            },
        ),
        (_("How it is judged"), {"fields": ("is_critical", "stuck_profile", "rps_floor")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Step | None = None) -> tuple[str, ...]:
        # Stored runs and dependencies bear the code; another one is another step.
        return ("batch_code",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Step, form: Any, change: Any) -> None:
        super().save_model(request, obj, form, change)
        publish("workflow")


@admin.register(MonitoringConfig)
class MonitoringConfigAdmin(admin.ModelAdmin[MonitoringConfig]):
    fields = ("poll_minutes", "stale_after_polls", "day_start", "log_retention_days")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: MonitoringConfig | None = None
    ) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return redirect("admin:monitoring_monitoringconfig_change", 1)

    def save_model(
        self, request: HttpRequest, obj: MonitoringConfig, form: Any, change: Any
    ) -> None:
        super().save_model(request, obj, form, change)
        publish("workflow")


@admin.register(Poll)
class PollAdmin(ReadOnly, admin.ModelAdmin[Poll]):
    list_display = (
        "started_at",
        "succeeded",
        "took",
        "runs_read",
        "runs_changed",
        "pending_imd",
        "source_at",
        "clock_ahead",
        "asked_by",
        "error_message",
    )
    list_filter = ("succeeded", "error_code")
    date_hierarchy = "started_at"
    ordering = ("-started_at", "-id")
    list_per_page = 50
    paginator = CappedPaginator
    show_full_result_count = False

    @admin.display(description=_("Took"), ordering="took_s")
    def took(self, poll: Poll) -> str:
        return f"{poll.took_s:.1f} s"

    @admin.display(description=_("CC&B's clock ahead by"), ordering="source_offset_s")
    def clock_ahead(self, poll: Poll) -> str | None:
        ahead = poll.source_offset_s
        return None if ahead is None else ("-" if ahead < 0 else "") + duration(abs(ahead))


class RunEventInline(ReadOnly, admin.TabularInline[RunEvent, Run]):
    model = RunEvent
    fields = ("at", "source_at", "verb", "before", "after", "actor")
    readonly_fields = fields
    ordering = ("-id",)
    verbose_name_plural = _("What happened to it")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("monitoring.view_run")


@admin.register(Run)
class RunAdmin(ReadOnly, admin.ModelAdmin[Run]):
    list_display = (
        "batch_code",
        "batch_nbr",
        "rerun_nbr",
        "state_badge",
        "started_at",
        "ended_at",
        "records_processed",
        "records_in_error",
        "business_date",
    )
    list_filter = ("state", "batch_code")
    search_fields = ("=batch_code", "=batch_nbr")
    search_help_text = _("A batch code or a batch number")
    date_hierarchy = "started_at"
    ordering = ("-started_at", "-id")
    list_per_page = 50
    paginator = CappedPaginator
    show_full_result_count = False
    inlines = (RunEventInline,)
    exclude = ("state",)
    readonly_fields = ("state_badge",)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        # How old the picture is, is asked once for the whole list.
        fresh: Any = SimpleLazyObject(lambda: queries.freshness(timezone.now()))

        @admin.display(description=_("Status"), ordering="state")
        def status(run: Run) -> str:
            return _badge(run, fresh)

        return [status if name == "state_badge" else name for name in self.list_display]

    @admin.display(description=_("Status"))
    def state_badge(self, run: Run) -> str:
        return _badge(run, queries.freshness(timezone.now()))


def _badge(run: Run, fresh: queries.Freshness) -> str:
    look = timeline.view_of(run, fresh).look
    return render_to_string("alerts/_badge.html", {"look": look})
