"""Let people look at rows in the admin that only the system writes."""

from django.db.models import Model
from django.http import HttpRequest


class ReadOnly:
    """Show rows to whoever may see them; nobody adds, edits or deletes them."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
