"""Answer programs: token login, one permission per method, one shape for every error."""

import math
from collections.abc import Iterable, Mapping
from typing import IO, TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from batchops import outage, strict_json
from batchops.access import use_token
from batchops.errors import BatchOpsError
from batchops.models import ApiToken, User
from batchops.throttles import stranger_waits_s

if TYPE_CHECKING:
    # That module reads the settings, which name the classes below: at run time a circle.
    from rest_framework.views import APIView

# The name under which a serializer puts what is wrong with the whole and not with one field.
WHOLE_BODY = "non_field_errors"
# Who is refused so is nobody that the throttle of users could count.
STRANGERS = (exceptions.NotAuthenticated, exceptions.AuthenticationFailed)
LOG_IN = (
    "Log in first: send the header 'Authorization: Token <key>' with a token that an administrator "
    "made for you, or log in at /admin/."
)
MAY_NOT = "Your account may not do this. Ask an administrator to give you a role that may."


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
    """Read one JSON object, exactly as the standard has it; whatever else comes is bad input.

    A key given twice is refused, for nobody knows which value was meant.
    """

    def parse(self, stream: IO[bytes], *args: Any, **kwargs: Any) -> Any:
        body = read_json(stream)
        if not isinstance(body, dict):
            raise exceptions.ParseError(
                'The body must be a JSON object, such as {"name": "value"}.'
            )
        return body


def read_json(stream: IO[bytes]) -> Any:
    """Read one JSON value exactly as the standard has it.

    :raises ParseError: when it is none.
    :raises ValidationError: when an object in it has a key twice; names the keys.
    """
    try:
        return strict_json.loads(stream.read().decode("utf-8-sig"))
    except strict_json.DoubledKeys as error:
        raise exceptions.ValidationError(
            {key: ["Given more than once. Send it once."] for key in error.keys[:20]}
        ) from None
    except UnicodeDecodeError:
        raise exceptions.ParseError("The body is not in UTF-8. Send it as UTF-8.") from None
    except RecursionError:
        raise exceptions.ParseError("The body is nested too deep; 20 levels do.") from None
    except ValueError as error:
        raise exceptions.ParseError(f"The body is no valid JSON: {error}.") from None


class FirstRenderer(DefaultContentNegotiation):
    """Answer in the form a route has, whatever the caller accepts; nearly always that is JSON.

    And let `format` be a parameter like any other.
    """

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type or ""


class HasPermission(BasePermission):
    """Ask for the permission that the view names for the method; no name, no entry."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        rules: Mapping[str, str] = getattr(view, "required_permissions", {})
        method = "GET" if request.method in ("HEAD", "OPTIONS") else request.method or ""
        if method not in view.allowed_methods:
            return bool(request.user.is_authenticated)  # the view answers 405 itself
        needed = rules.get(method, "")
        self.message = _what_it_takes(needed)
        return bool(needed) and request.user.has_perm(needed)


def _what_it_takes(permission: str) -> str:
    words = permission.partition(".")[2].replace("_", " ")
    return (
        f"Your account may not do this: it lacks the permission to {words} ({permission}). "
        "Ask an administrator to give you a role that has it."
    )


def answer_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn any error a caller can help with into `{success, message, error, ...}`.

    Anything else returns None, and becomes a 500 that is logged with its trace.
    """
    if isinstance(error, outage.OUTAGES):
        response = _refuse(outage.explain(error))
        outage.log(error, request=context["request"], response=response)
        return response
    if isinstance(error, BatchOpsError):
        return _refuse(error)
    refusal = _as_refusal(error)
    if isinstance(refusal, STRANGERS):
        refusal = _unless_too_many(refusal, context)
    if not isinstance(refusal, exceptions.APIException):
        return None
    return Response(
        _encodable(_body(refusal)), status=refusal.status_code, headers=_headers(refusal)
    )


def _as_refusal(error: Exception) -> Exception:
    if isinstance(error, Http404):
        return exceptions.NotFound("There is nothing at this address.")
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied(MAY_NOT)
    if isinstance(error, exceptions.NotAuthenticated):
        error.detail = exceptions.ErrorDetail(LOG_IN, error.default_code)
    return error


def _unless_too_many(
    refusal: exceptions.APIException, context: Mapping[str, Any]
) -> exceptions.APIException:
    wait_s = stranger_waits_s(context["request"], context["view"])
    return refusal if wait_s is None else exceptions.Throttled(wait_s)


def error_body(code: str, message: str, **extra: Any) -> dict[str, Any]:
    """Return the body that every refusal has: a word for machines, a sentence for people."""
    return {"success": False, "message": message, "error": code, **extra}


def _refuse(error: BatchOpsError) -> Response:
    body = error_body(error.code, error.message, **error.extra)
    headers = {"Retry-After": str(outage.RETRY_AFTER_S)} if error.status == 503 else None
    return Response(_encodable(body), status=error.status, headers=headers)


def _encodable(value: Any) -> Any:
    """Return what is to be answered without half surrogates, which a sentence may quote."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_encodable(key): _encodable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_encodable(inner) for inner in value]
    return value


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if auth_header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if (wait_s := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(max(1, math.ceil(wait_s)))
    return headers


def _body(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        errors = by_field(error.detail)
        return error_body("invalid_input", _what_is_wrong(errors), errors=errors)
    if isinstance(error, exceptions.Throttled):
        return error_body("throttled", _when_to_come(error))
    code = error.get_codes()
    return error_body(code if isinstance(code, str) else "error", str(error.detail))


def _when_to_come(error: exceptions.Throttled) -> str:
    wait_s = _headers(error).get("Retry-After", "60")
    return f"Too many requests within a minute. Try again in {wait_s} seconds."


def by_field(detail: Any, name: str = "") -> dict[str, list[str]]:
    """Return sentences by field, those of inner fields as `filter.status` and `items[3].label`."""
    if isinstance(detail, str):
        return {name: [detail]}
    if isinstance(detail, Mapping):
        inner = [(_inner_name(name, key), one) for key, one in detail.items()]
    elif any(isinstance(one, list | Mapping) for one in detail):
        inner = [(f"{name}[{number}]", one) for number, one in enumerate(detail) if one]
    else:
        return {name: [str(sentence) for sentence in detail]}
    return {field: found for key, one in inner for field, found in by_field(one, key).items()}


def _inner_name(name: str, key: Any) -> str:
    if isinstance(key, int):
        return f"{name}[{key}]"
    if name and key == WHOLE_BODY:
        return name
    return f"{name}.{key}" if name else str(key)


def _what_is_wrong(detail: Mapping[str, Any]) -> str:
    fields = ", ".join(name for name in detail if name not in ("", WHOLE_BODY))
    of_the_whole = [str(sentence) for sentence in detail.get(WHOLE_BODY, ())]
    if of_the_whole and not fields:
        return " ".join(of_the_whole)
    return f"Some input cannot be used: {fields or 'the request'}."
