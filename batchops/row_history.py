"""Keep every version of the rows that people edit, with who changed what, and show them.

A model is `tracked`; PostgreSQL's triggers then write each version to a table beside it, however
the row was changed. Its admin is a `RowHistory`, which tells the triggers who acts and draws the
versions on the page History.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, TypeVar

import pghistory
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from batchops.access import actor_of, name_of
from batchops.append_only import never_emptied

Tracked = TypeVar("Tracked", bound=type[Model])
VERSIONS_SHOWN = 100
WHAT = {"insert": _("Created"), "update": _("Changed"), "delete": _("Deleted")}


def tracked(model: Tracked) -> Tracked:
    """Have every version of this model's rows kept, in a table that nothing can change."""
    tracker = pghistory.track(
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(),
        pghistory.DeleteEvent(),
        obj_field=pghistory.ObjForeignKey(related_name="versions", related_query_name="version"),
        context_field=pghistory.ContextJSONField(),
        append_only=True,
        meta={"default_permissions": (), "triggers": [never_emptied()]},
    )
    kept: Tracked = tracker(model)
    return kept


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of a row, as it was and as it became."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Version:
    """One change of a row, by whom as people call them."""

    at: datetime
    what: str
    who: str
    differences: list[Difference]


def versions(row: Model, *, viewer: str) -> list[Version]:
    """Return the last changes of a tracked row, newest first, as the user `viewer` is told."""
    kept: Any = row
    events = list(kept.versions.order_by("-pgh_id")[: VERSIONS_SHOWN + 1])
    compared = [*pairwise(events), (events[-1], None)] if events else []
    shown = compared[:VERSIONS_SHOWN]
    return [_version(row, event, older, viewer=viewer) for event, older in shown]


class RowHistory:
    """Mix into a model's admin: who acts is kept with each version, and History shows them."""

    @property
    def _stock(self) -> Any:
        return super()

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with pghistory.context(actor=actor_of(request)):
            shown: HttpResponse = self._stock.changeform_view(request, *args, **kwargs)
        return shown

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with pghistory.context(actor=actor_of(request)):
            shown: HttpResponse = self._stock.changelist_view(request, *args, **kwargs)
        return shown

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with pghistory.context(actor=actor_of(request)):
            shown: HttpResponse = self._stock.delete_view(request, *args, **kwargs)
        return shown

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        own: Any = self
        row = own.get_object(request, object_id)
        if not own.has_view_or_change_permission(request, row):
            raise PermissionDenied
        if row is None:
            raise Http404
        shown = {
            **own.admin_site.each_context(request),
            "title": gettext("History: %(row)s") % {"row": row},
            "versions": versions(row, viewer=request.user.get_username()),
            "opts": own.opts,
            "original": row,
        }
        return TemplateResponse(request, "admin/row_history.html", shown)


def _version(row: Model, event: Any, older: Any | None, *, viewer: str) -> Version:
    actor = (event.pgh_context or {}).get("actor")
    return Version(
        at=event.pgh_created_at,
        what=str(WHAT[event.pgh_label]),
        who=name_of(actor, viewer) if actor else gettext("the system"),
        differences=[
            difference
            for field in row._meta.concrete_fields
            if older and not field.primary_key
            if (difference := _difference(field, event, older))
        ],
    )


def _difference(field: Any, event: Any, older: Any) -> Difference | None:
    before, after = (_words(field, getattr(kept, field.attname)) for kept in (older, event))
    return Difference(str(field.verbose_name), before, after) if before != after else None


def _words(field: Any, value: Any) -> str:
    """Return a value as people read it."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if value is None or value == "":
        return gettext("empty")
    if isinstance(value, list):
        return ", ".join(str(each) for each in value) or gettext("empty")
    return str(dict(field.flatchoices).get(value, value))
