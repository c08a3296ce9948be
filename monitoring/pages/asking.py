"""Understand the address of a page, and refuse in a sentence what cannot be shown."""

from typing import Any, TypeVar

from django.http import HttpRequest
from django.utils.translation import gettext
from rest_framework.serializers import Serializer

from batchops.errors import InvalidInput

VIEW = "monitoring.view_run"
A = TypeVar("A", bound=Serializer[Any])


def checked(asked: type[A], request: HttpRequest) -> A:
    """Return what the address asks for.

    :raises InvalidInput: when it cannot be used; names each parameter, its limit and the remedy.
    """
    found = asked(data=request.GET.dict())
    if found.is_valid():
        return found
    problems = [f"{name}: {' '.join(map(str, said))}" for name, said in found.errors.items()]
    raise InvalidInput(
        gettext("This cannot be shown as it was asked for.") + f" {' '.join(problems)}"
    )
