"""Answer programs about alerts (docs/api.md)."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
