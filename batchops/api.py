"""Answer programs: token login, one permission per method, one shape for every error."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from batchops.access import use_token
from batchops.errors import BatchOpsError
from batchops.models import ApiToken, User

if TYPE_CHECKING:
    # That module reads the settings, which name the classes below: at run time a circle.
    from rest_framework.views import APIView


class TokenAuthentication(BaseAuthentication):
    """Log a program in by `Authorization: Token <key>`."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, key = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "token":
            return None
        token = use_token(key.strip(), at=timezone.now())
        if token is None:
            raise exceptions.AuthenticationFailed(
                "This token is unknown, expired or revoked. Make a new one in the admin."
            )
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Token"


class JsonParser(JSONParser):
    """Read JSON; what is nested without end is bad input like any other that cannot be read."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().parse(*args, **kwargs)
        except RecursionError:
            raise exceptions.ParseError("JSON parse error - nested too deep") from None


class HasPermission(BasePermission):
    """Ask for the permission that the view names for the method; no name, no entry."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        rules: Mapping[str, str] = getattr(view, "required_permissions", {})
        method = "GET" if request.method in ("HEAD", "OPTIONS") else request.method or ""
        if method not in view.allowed_methods:
            return bool(request.user.is_authenticated)  # the view answers 405 itself
        return method in rules and request.user.has_perm(rules[method])


def answer_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn any error a caller can help with into `{success, message, error, ...}`.

    Anything else returns None, and becomes a 500 that is logged with its trace.
    """
    if isinstance(error, BatchOpsError):
        body = {"success": False, "message": error.message, "error": error.code, **error.extra}
        return _uncached(Response(body, status=error.status))
    if isinstance(error, Http404):
        error = exceptions.NotFound("There is nothing at this address.")
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    headers = {}
    if auth_header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return _uncached(Response(_body(error), status=error.status_code, headers=headers))


def _body(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        detail = error.detail if isinstance(error.detail, dict) else {"": error.detail}
        fields = ", ".join(name for name in detail if name) or "the request"
        return {
            "success": False,
            "message": f"Some input cannot be used: {fields}.",
            "error": "invalid_input",
            "errors": detail,
        }
    code = error.get_codes()
    return {
        "success": False,
        "message": str(error.detail),
        "error": code if isinstance(code, str) else "error",
    }


def _uncached(response: Response) -> Response:
    response["Cache-Control"] = "no-store"
    return response
