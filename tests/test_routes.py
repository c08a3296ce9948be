"""Try every address with every role and with none; one without a rule fails here."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern, RoutePattern

from batchops.models import User
from batchops.web.roles import ROLES

# Open to everybody, or (second group) to every staff member, each with its reason.
OPEN = {
    "home": "only redirects to the console",
    "login": "the way in",
    "logout": "the way out",
    "jsi18n": "translations of the admin's scripts, no data",
}
STAFF = {
    "password_change": "one's own password",
    "password_change_done": "one's own password",
    "autocomplete": "asks the model's own permission",
    "view_on_site": "redirects to an object's page, which asks for itself",
    "auth_user_password_change": "asks for the right to change that person",
    "app_list": "lists only what one may see",
}
SAMPLE = {"int": 1, "str": "0000000000000000", "slug": "x", "path": "1", "uuid": "0" * 32}
ROLE_NAMES = [None, *ROLES]


@dataclass(frozen=True)
class Route:
    """An address and what it asks for: by method a permission, or a word of its own."""

    path: str
    name: str
    callback: Any

    @property
    def rules(self) -> dict[str, str]:
        view = self.callback
        return dict(getattr(getattr(view, "cls", view), "required_permissions", {}))

    @property
    def model_admin(self) -> Any:
        return getattr(self.callback, "model_admin", None)

    @property
    def has_rule(self) -> bool:
        return bool(self.rules or self.model_admin or self.name in OPEN or self.name in STAFF)


def walk(patterns: list[Any], prefix: str = "/") -> Iterator[Route]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, prefix + fill(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            path = prefix + fill(pattern.pattern)
            yield Route(path, pattern.name or "", pattern.callback)


def fill(pattern: Any) -> str:
    """Put a sample value in the place of each parameter."""
    if isinstance(pattern, RoutePattern):
        text = str(pattern)
        for name, converter in pattern.converters.items():
            kind = (
                type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")
            )
            token = next(t for t in (f"<{kind}:{name}>", f"<{name}>") if t in text)
            text = text.replace(token, str(SAMPLE[kind]))
        return text
    assert isinstance(pattern, RegexPattern)
    return reverse_regex(pattern)


def reverse_regex(pattern: RegexPattern) -> str:
    from django.utils.regex_helper import normalize

    text, names = normalize(pattern.regex.pattern)[0]
    return str(text % dict.fromkeys(names, SAMPLE["str"]))


ROUTES = [r for r in walk(get_resolver().url_patterns) if r.name != ""]


def route_id(route: Route) -> str:
    return route.path


def client_of(role: str | None) -> Client:
    client = Client()
    if role:
        user, _ = User.objects.get_or_create(username=f"a {role}", defaults={"is_staff": True})
        user.groups.set([Group.objects.get(name=role)])
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def refused(response: HttpResponseBase) -> bool:
    to_login = response.status_code == 302 and "/login/" in response["Location"]
    return response.status_code in (401, 403) or to_login


class TestRules:
    def test_every_address_has_a_name(self) -> None:
        unnamed = [r.path for r in walk(get_resolver().url_patterns) if not r.name]
        # The stock admin leaves two unnamed: the redirect of old object links, and the catch-all.
        known = ("/admin/0000000000000000", "/admin/(?P<url>")

        assert [p for p in unnamed if "/1/" not in p and not p.startswith(known)] == []

    @pytest.mark.parametrize("route", ROUTES, ids=route_id)
    def test_every_address_has_a_rule(self, route: Route) -> None:
        assert route.has_rule, f"{route.path} says nowhere who may call it"

    def test_every_permission_asked_for_belongs_to_a_role(self) -> None:
        granted = {p for permissions in ROLES.values() for p in permissions}

        assert {p for r in ROUTES for p in r.rules.values()} - granted == set()


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLE_NAMES, ids=str)
class TestRoles:
    def test_each_gets_in_exactly_where_its_permissions_say(self, role: str | None) -> None:
        client = client_of(role)
        granted = set(ROLES[role]) if role else set()

        wrong = [
            f"{method} {route.path} answered {response.status_code}"
            for route in ROUTES
            for method, permission in route.rules.items()
            if refused(response := client.generic(method, route.path)) == (permission in granted)
        ]

        assert wrong == []

    def test_each_sees_exactly_the_admin_pages_of_what_it_may_view(self, role: str | None) -> None:
        client = client_of(role)
        granted = set(ROLES[role]) if role else set()

        wrong = []
        for model in admin.site._registry:
            meta = model._meta
            may_view = {f"{meta.app_label}.{a}_{meta.model_name}" for a in ("view", "change")}
            response = client.get(f"/admin/{meta.app_label}/{meta.model_name}/")
            if refused(response) == bool(may_view & granted):
                wrong.append(f"{meta.label} answered {response.status_code}")

        assert wrong == []

    def test_none_gets_into_staff_pages_without_a_login(self, role: str | None) -> None:
        client = client_of(role)

        answers = {
            route.path: refused(client.get(route.path)) for route in ROUTES if route.name in STAFF
        }

        if role is None:
            assert all(answers.values())
        else:
            assert not answers["/admin/password_change/"]


class TestSocketTopics:
    def test_every_topic_asks_for_a_permission_that_a_role_has(self) -> None:
        from batchops.live import topics

        granted = {p for permissions in ROLES.values() for p in permissions}

        assert topics.registered()
        assert {t.name for t in topics.registered() if t.permission not in granted} == set()
