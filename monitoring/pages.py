"""Show monitoring to people, inside the admin."""

from django.urls import URLPattern

urls: list[URLPattern] = []
