"""Make people of each role, logged in."""

from django.contrib.auth.models import Group
from django.test import Client

from batchops.models import User


def person(role: str, name: str = "") -> User:
    user = User.objects.create_user(name or role.lower(), password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


def client_of(role: str, name: str = "") -> Client:
    client = Client()
    client.force_login(person(role, name), backend="django.contrib.auth.backends.ModelBackend")
    return client
