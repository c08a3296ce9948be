"""Hold what the routes share: who may ask, and the form of an answer."""

from collections.abc import Mapping
from typing import Any, TypeVar

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

VIEW = {"GET": "monitoring.view_run"}
A = TypeVar("A", bound=Serializer[Any])


def checked(asked: type[A], request: Request) -> A:
    """Return what the address asks for.

    :raises ValidationError: when it cannot be used; names each field.
    """
    found = asked(data=request.query_params.dict())
    found.is_valid(raise_exception=True)
    return found


def answer(data: Mapping[str, Any]) -> Response:
    return Response({"success": True, "data": data})
