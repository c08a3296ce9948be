"""Answer programs about monitoring (docs/api.md)."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
