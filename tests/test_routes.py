"""Try every address with every role and with none; one without a rule fails here."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpResponseBase
from django.template import Template
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern, RoutePattern

from batchops.live import callers, topics
from batchops.models import User
from batchops.web.roles import ROLES
from tests.people import logged_in

# Open to everybody, or (second group) to every staff member, each with its reason.
OPEN = {
    "home": "only redirects to the console",
    "bare": "only redirects to the console",
    "login": "the way in",
    "logout": "the way out",
    "favicon": "an icon",
    "healthz": "one word, for whoever starts and stops processes",
    "readyz": "one word, for whoever starts and stops processes",
    "jsi18n": "translations of the admin's scripts, no data",
}
STAFF = {
    "password_change": "one's own password",
    "password_change_done": "one's own password",
    "view_on_site": "redirects to an object's page, which asks for itself",
    "app_list": "lists only what one may see",
}
# Stock admin pages that ask for themselves; a permission nobody has stands for "always refused".
ASKING = {
    "auth_user_password_change": "batchops.change_user",
    "autocomplete": "always refuses a call that does not say what to complete",
}
# What those may send who may only see, each with its reason.
CHANGED_BY_VIEWERS = {
    "batch-job-watch": "which mails one gets oneself",
    "watch_job": "which mails one gets oneself",
    "job_mails": "which mails one gets oneself",
    "time_zone": "on which clock one reads oneself",
    "try_rule": "only shows what a rule would have found",
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
        if self.name in ASKING:
            return {"GET": ASKING[self.name]}
        return dict(getattr(getattr(view, "cls", view), "required_permissions", {}))

    @property
    def model_admin(self) -> Any:
        return getattr(self.callback, "model_admin", None)

    @property
    def asks_staff_only(self) -> bool:
        return self.name in STAFF or self.callback.__name__ == "catch_all_view"

    @property
    def has_rule(self) -> bool:
        return bool(self.rules or self.model_admin or self.name in OPEN or self.asks_staff_only)


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


ROUTES = list(walk(get_resolver().url_patterns))


def client_of(role: str | None) -> Client:
    if role:
        user, _ = User.objects.get_or_create(username=f"a {role}", defaults={"is_staff": True})
        user.groups.set([Group.objects.get(name=role)])
        return logged_in(user)
    return Client()


def refused(response: HttpResponseBase) -> bool:
    """Tell whether the caller was refused, having seen that it was in the right way."""
    request = response.wsgi_request  # type: ignore[attr-defined]
    to_login = response.status_code == 302 and "/login/" in response["Location"]
    for let_go in response._resource_closers:  # type: ignore[attr-defined]
        let_go()  # nobody reads it; close() would close the test's connection too
    if response.status_code not in (401, 403) and not to_login:
        return False
    if request.user.is_authenticated:
        assert response.status_code == 403
    elif request.path.startswith("/api/"):
        assert response.status_code == 401
    else:
        assert to_login
    return True


class TestRules:
    def test_every_address_has_a_rule(self) -> None:
        assert ROUTES
        assert [route.path for route in ROUTES if not route.has_rule] == []

    def test_who_may_only_see_changes_nothing(self) -> None:
        """A rule that was weakened would still be kept, so what changes things is listed here."""
        by_viewers = {
            route.name
            for route in ROUTES
            for method, permission in route.rules.items()
            if method not in ("GET", "HEAD") and ".view_" in permission
        }

        assert by_viewers == CHANGED_BY_VIEWERS.keys()

    def test_every_permission_asked_for_belongs_to_a_role(self) -> None:
        granted = {p for permissions in ROLES.values() for p in permissions}

        asked_for = {p for r in ROUTES if r.name not in ASKING for p in r.rules.values()}
        assert asked_for - granted == set()


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pages be answered but not drawn: who may have one is decided before."""
    monkeypatch.setattr(Template, "render", lambda *_: "")


@pytest.mark.django_db
@pytest.mark.usefixtures("undrawn")
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

    def test_staff_pages_ask_for_a_login_and_no_more(self, role: str | None) -> None:
        client = client_of(role)

        wrong = [
            route.path
            for route in ROUTES
            if route.asks_staff_only and refused(client.get(route.path)) == bool(role)
        ]

        assert wrong == []


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLE_NAMES, ids=str)
class TestSocketTopics:
    def test_each_may_watch_exactly_what_its_permissions_say(self, role: str | None) -> None:
        client = client_of(role)
        cookie = f"sessionid={client.cookies['sessionid'].value}" if role else ""

        caller = callers.identify({"cookie": cookie})

        may_watch = callers.permissions_of([caller])[caller] if caller else frozenset()
        asked_for = {topic.permission for topic in topics.registered()}
        assert asked_for
        assert may_watch == asked_for & set(ROLES[role] if role else ())
        assert (caller is None) == (role is None)
