"""Let people edit the workflow and how CC&B is watched, and read what was seen."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from batchops.inputs import ON_THIS_CLOCK
from batchops.live.publish import publish
from batchops.moments import NATIVE_INPUTS
from batchops.paging import CappedPaginator
from batchops.read_only import ReadOnly
from batchops.row_history import RowHistory
from batchops.templatetags.batchops import duration
from monitoring.models import (
    CalendarDay,
    MonitoringConfig,
    PlannedOutage,
    Poll,
    RuleSetting,
    Step,
)
from monitoring.rule_forms import form_of, in_words
from monitoring.rules.catalogue import KINDS


class Published(RowHistory, admin.ModelAdmin[Any]):
    """What the pages of the workflow are drawn from: whoever looks at them sees it at once."""

    actions = None
    formfield_overrides = NATIVE_INPUTS

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        super().save_model(request, obj, form, change)
        publish("workflow")

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        publish("workflow")


@admin.register(Step)
class StepAdmin(Published):
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
                    "deadline",
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


@admin.register(MonitoringConfig)
class MonitoringConfigAdmin(Published):
    fields = (
        "poll_minutes",
        "stale_after_polls",
        "day_start",
        "day_deadline",
        "stuck_minutes",
        "page_refresh_minutes",
        "log_retention_days",
        "month_end_last_days",
        "month_end_first_days",
    )

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


@admin.register(RuleSetting)
class RuleSettingAdmin(RowHistory, admin.ModelAdmin[RuleSetting]):
    """Whether and how each rule judges; what is set counts from the next poll on."""

    change_form_template = "monitoring/rule_setting_form.html"

    list_display = ("rule", "of_step", "enabled", "record_only", "thresholds_set")
    list_filter = ("rule", "enabled", "record_only", "step")
    list_select_related = ("step",)
    ordering = ("rule", "step__sequence_order")
    actions = None

    def get_form(
        self,
        request: HttpRequest,
        obj: RuleSetting | None = None,
        change: bool = False,  # noqa: FBT001, FBT002  (Django's own signature)
        **kwargs: Any,
    ) -> Any:
        form = form_of(KINDS[obj.rule] if obj else None)
        return super().get_form(request, obj, change, form=form, **kwargs)

    def get_fields(self, request: HttpRequest, obj: RuleSetting | None = None) -> tuple[str, ...]:
        common = ("rule", "step", "enabled", "record_only")
        if obj is None:
            return common
        if not self.has_change_permission(request, obj):
            return (*common, "thresholds_set")
        return (*common, *(each.name for each in KINDS[obj.rule].thresholds))

    def get_readonly_fields(
        self, request: HttpRequest, obj: RuleSetting | None = None
    ) -> tuple[str, ...]:
        return ("rule", "step", "thresholds_set") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: RuleSetting | None = None) -> bool:
        # The settings for all steps are first data; without one of its own a step goes by them.
        may: bool = super().has_delete_permission(request, obj)
        return may and (obj is None or obj.step is not None)

    def response_add(
        self, request: HttpRequest, obj: RuleSetting, post_url_continue: str | None = None
    ) -> HttpResponse:
        # Which thresholds there are depends on the rule, so they follow on the next page.
        said = _("Now set its thresholds, or leave them as they are for all steps.")
        self.message_user(request, said)
        return redirect("admin:monitoring_rulesetting_change", obj.pk)

    @admin.display(description=_("Step"), ordering="step__sequence_order")
    def of_step(self, setting: RuleSetting) -> str:
        return setting.step.batch_code if setting.step else gettext("all steps")

    @admin.display(description=_("Thresholds"))
    def thresholds_set(self, setting: RuleSetting) -> str:
        return in_words(setting)


@admin.register(Poll)
class PollAdmin(ReadOnly, admin.ModelAdmin[Poll]):
    list_display = (
        "started_at",
        "succeeded",
        "took",
        "runs_read",
        "runs_changed",
        "pending_imd",
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
        return f"{poll.took_s:.1f}\N{NO-BREAK SPACE}s"

    @admin.display(description=_("Clock ahead by"), ordering="source_offset_s")
    def clock_ahead(self, poll: Poll) -> str | None:
        ahead = poll.source_offset_s
        return None if ahead is None else ("-" if ahead < 0 else "") + duration(abs(ahead))


@admin.register(CalendarDay)
class CalendarDayAdmin(Published):
    """Which business days are month ends and holidays; each kind is compared with its own."""

    list_display = ("business_date", "weekday", "kind", "yearly", "name")
    list_filter = ("kind", "yearly")
    date_hierarchy = "business_date"
    ordering = ("-business_date",)

    @admin.display(description=_("Weekday"))
    def weekday(self, row: CalendarDay) -> str:
        return date_format(row.business_date, "l")


@admin.register(PlannedOutage)
class PlannedOutageAdmin(Published):
    """When CC&B, or a step of it, is known not to work."""

    formfield_overrides = NATIVE_INPUTS | {
        models.DateTimeField: NATIVE_INPUTS[models.DateTimeField] | {"help_text": ON_THIS_CLOCK}
    }
    list_display = ("begins_at", "ends_at", "of_step", "reason")
    list_display_links = ("begins_at", "reason")
    list_filter = ("step",)
    list_select_related = ("step",)
    ordering = ("-begins_at",)

    @admin.display(description=_("Step"), ordering="step__sequence_order")
    def of_step(self, outage: PlannedOutage) -> str:
        return outage.step.batch_code if outage.step else gettext("all of CC&B")
