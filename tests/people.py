"""Make people of each role, logged in."""

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Group
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from batchops.models import User


def person(role: str, name: str = "") -> User:
    user = User.objects.create_user(name or role.lower(), password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


def client_of(role: str, name: str = "") -> Client:
    return logged_in(person(role, name))


def logged_in(user: User) -> Client:
    """Return a client where a login leads, without what a login counts and notes on its way."""
    known = {
        SESSION_KEY: str(user.pk),
        BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend",
        HASH_SESSION_KEY: user.get_session_auth_hash(),
    }
    session = SessionStore().create_model_instance(known)
    session.save(force_insert=True)
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return client
