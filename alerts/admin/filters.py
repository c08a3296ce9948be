"""Narrow the list of alerts down, by values that an index gives without reading the table."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alerts import listing
from alerts.models import Alert
from batchops.access import actor_of

ME, NOBODY = "me", "nobody"


class BatchFilter(SimpleListFilter):
    title = _("batch")
    parameter_name = "batch_code"

    def lookups(
        self, request: HttpRequest, model_admin: ModelAdmin[Any]
    ) -> Iterable[tuple[str, str]]:
        return [(code, code) for code in listing.batch_codes()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        return queryset.filter(batch_code=self.value()) if self.value() else queryset


class HolderFilter(SimpleListFilter):
    title = _("who has it")
    parameter_name = "holder"

    def lookups(
        self, request: HttpRequest, model_admin: ModelAdmin[Any]
    ) -> Iterable[tuple[str, str]]:
        people = [(actor, actor.partition(":")[2]) for actor in listing.holders()]
        return [(ME, gettext("I")), (NOBODY, gettext("nobody")), *people]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        if not self.value():
            return queryset
        named = {ME: actor_of(request), NOBODY: ""}
        return queryset.filter(acknowledged_by=named.get(self.value() or "", self.value()))
