"""Let supervisors edit schedules; the page Schedules lists, switches and starts them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from batchops.access import actor_of
from batchops.db import database_now
from jobs import lifecycle, queries
from jobs.models import JobWatch, Schedule
from jobs.schedule_forms import ScheduleForm
from jobs.schedule_rows import preview
from jobs.watch_forms import JobWatchForm


@admin.register(Schedule)
class ScheduleAdmin(admin.ModelAdmin[Schedule]):
    """What starts by itself, and when. A schedule is switched off, never deleted."""

    form = ScheduleForm
    change_form_template = "jobs/schedule_form.html"
    fieldsets = (
        (None, {"fields": ("name", "type", "params", "title", "priority")}),
        (_("When"), {"fields": ("cron", "next_times", "missed_policy", "late_minutes")}),
    )
    readonly_fields = ("next_times",)

    def has_delete_permission(self, request: HttpRequest, obj: Schedule | None = None) -> bool:
        return False  # what it did is the record of what ran

    def get_queryset(self, request: HttpRequest) -> QuerySet[Schedule]:
        return queries.schedules()

    def save_model(
        self, request: HttpRequest, obj: Schedule, form: forms.ModelForm[Schedule], change: Any
    ) -> None:
        save = lifecycle.edit_schedule if change else lifecycle.create_schedule
        save(obj, actor=actor_of(request))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        schedule = self.get_object(request, object_id)
        events = schedule.events.order_by("-pk")[:30] if schedule else ()
        slots = schedule.slots.order_by("-due_at")[:30] if schedule else ()
        extra = {**(extra_context or {}), "events": events, "slots": slots}
        return super().change_view(request, object_id, form_url, extra)

    @admin.display(description=_("Next times"))
    def next_times(self, schedule: Schedule) -> str:
        lines = [gettext("They show here while the cron text is written.")]
        if schedule.cron:
            lines = preview(schedule.cron, at=database_now())
        return format_html(
            '<output data-preview-of="id_cron" data-preview="{}">{}</output>',
            reverse("admin:schedule_preview"),
            "\n".join(lines),
        )


@admin.register(JobWatch)
class JobWatchAdmin(admin.ModelAdmin[JobWatch]):
    """Who is mailed when jobs end; people see to their own on the page My mails about jobs."""

    form = JobWatchForm
    list_display = ("to_whom", "about", "on_completed", "on_failed", "on_cancelled")
    list_select_related = ("user", "job")
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    fields = ("user", "address", "type", "job", "on_completed", "on_failed", "on_cancelled")

    @admin.display(description=_("To"))
    def to_whom(self, watch: JobWatch) -> str:
        return str(watch.user or watch.address)

    @admin.display(description=_("About"))
    def about(self, watch: JobWatch) -> str:
        return str(watch.job or watch.type)
