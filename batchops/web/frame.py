"""Gather what stands on every page: the alert banner, the data's age, the menu."""

from typing import Any

from django.http import HttpRequest


def frame_context(request: HttpRequest) -> dict[str, Any]:
    """Return the template context of the frame around every page; empty for strangers."""
    return {}
