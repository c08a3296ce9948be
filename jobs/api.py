"""Answer programs about jobs (docs/api.md)."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
