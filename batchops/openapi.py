"""Describe the API in OpenAPI: who may call, and what every refusal looks like."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse
from rest_framework.request import Request

from batchops.errors import BatchOpsError
from batchops.shapes import COMPONENTS, Shape, shape

SAFE = ("GET", "HEAD", "OPTIONS")
COMES_AGAIN = ("202", "429", "503")
RETRY_AFTER: Shape = {"description": "Seconds.", "required": True, "schema": {"type": "integer"}}
REFUSAL = {"$ref": "#/components/schemas/Refusal"}
REFUSAL_SCHEMA: Shape = {
    "type": "object",
    "description": "What every 4xx and 503 answers; some routes add what helps.",
    "properties": {
        "success": {"type": "boolean", "enum": [False]},
        "message": {"type": "string", "description": "What happened, and what to do."},
        "error": {"type": "string", "description": "A word for machines."},
        "errors": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
            "description": "What is wrong, by field; within a field as `items[3].label`.",
        },
    },
    "required": ["success", "message", "error"],
}

# What any route may answer beside what it says itself: why, and the words of `error`.
COMMON: dict[int, tuple[str, tuple[str, ...]]] = {
    400: (
        "Some input cannot be used; `errors` names each field, its limit and the remedy.",
        ("invalid_input", "parse_error", "bad_request"),
    ),
    401: (
        "Not logged in, or the token is unknown, expired or revoked.",
        ("not_authenticated", "authentication_failed"),
    ),
    403: (
        "The role does not permit it, or the CSRF token is missing.",
        ("permission_denied", "forbidden"),
    ),
    404: ("There is no such thing, or no longer.", ("not_found",)),
    413: ("The body is larger than the server takes.", ("body_too_large",)),
    415: ("The body is of a kind that this route does not take.", ("unsupported_media_type",)),
    429: ("Too many requests; Retry-After says when to come again.", ("throttled",)),
    503: (
        "The database or a part of the system is away; Retry-After says when to come again.",
        ("unavailable",),
    ),
}
ALWAYS = (400, 401, 403, 429, 503)


def refusals(*errors: type[BatchOpsError]) -> dict[int, OpenApiResponse]:
    """Return, by status, what a route answers that raises these errors, with the common ones."""
    found: dict[int, list[type[BatchOpsError]]] = {}
    for error in errors:
        found.setdefault(error.status, []).append(error)
    return {status: _refusal(status, those) for status, those in found.items()}


def _refusal(status: int, errors: list[type[BatchOpsError]]) -> OpenApiResponse:
    sentence, known = COMMON.get(status, ("", ()))
    codes = [*known, *(error.code for error in errors)]
    properties: Shape = {"error": {"type": "string", "enum": list(dict.fromkeys(codes))}}
    for error in errors:
        properties |= {name: shape(hint) for name, hint in error.extras.items()}
    schema = {"allOf": [REFUSAL, {"type": "object", "properties": properties}]}
    lines = [sentence, *(f"- `{error.code}`: {_first_line(error)}" for error in errors)]
    return OpenApiResponse(schema, description="\n".join(filter(None, lines)))


def _first_line(thing: Any) -> str:
    return (thing.__doc__ or "").strip().partition("\n")[0]


class DocumentedSchema(AutoSchema):
    """Say of each route what all have in common: name, permission, and the shared refusals."""

    def get_operation_id(self) -> str:
        """Name an operation by its method and address, which nothing else has."""
        parts = [part.strip("{}") for part in self.path.strip("/").split("/")[1:]]
        if self.path.endswith("}"):
            parts.insert(-1, "by")
        return "_".join([self.method.lower(), *parts]).replace("-", "_")

    def get_tags(self) -> list[str]:
        """Group routes by what stands first in their address."""
        parts = [part for part in self.path.split("/") if part and part != "api"]
        return parts[:1]

    def get_summary(self) -> str:
        """Return the first line of what the route says of itself."""
        return self._words().partition("\n")[0].removesuffix(".")

    def get_description(self) -> str:  # type: ignore[override] # as drf-spectacular has it
        """Return what the route says of itself, and which permission it asks for."""
        rest = self._words().partition("\n")[2].strip()
        permission = self.view.required_permissions[self.method]  # type: ignore[attr-defined]
        return "\n\n".join(filter(None, [rest, f"Asks for the permission `{permission}`."]))

    def _words(self) -> str:
        return str(super().get_description())

    def map_parsers(self) -> list[str]:
        """Return what bodies are written in; forms are taken too, where no field is an object."""
        return ["application/json"]

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        for code in self._common():
            body = self._get_response_for_code(_refusal(code, []), str(code), None, direction)  # type: ignore[no-untyped-call]
            bodies.setdefault(str(code), body)
        for status in COMES_AGAIN:
            if status in bodies:
                bodies[status].setdefault("headers", {})["Retry-After"] = RETRY_AFTER
        for status, body in bodies.items():
            body["description"] = body["description"] or HTTPStatus(int(status)).phrase
        return dict(sorted(bodies.items()))

    def _common(self) -> list[int]:
        codes = list(ALWAYS)
        if "{" in self.path:
            codes.append(404)
        if self.method not in SAFE:
            codes += [413, 415]
        return codes


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Say how a program logs in."""

    target_class = "batchops.api.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token <key>`; an administrator makes the key in the admin, or "
            "`manage.py create_token USER NAME` prints one.",
        }


def without_last_slash(endpoints: list[tuple[str, str, str, Any]]) -> list[Any]:
    """Name addresses without a slash at their end; they answer with one as well."""
    return [(path.rstrip("/"), regex, method, view) for path, regex, method, view in endpoints]


def add_shapes(result: Shape, generator: Any, request: Request | None, public: bool) -> Shape:  # noqa: FBT001
    """Add what answers refer to."""
    schemas = result["components"]["schemas"]
    added = {**COMPONENTS, "Refusal": REFUSAL_SCHEMA}
    if twice := schemas.keys() & added.keys():
        raise TypeError(f"Of one name in the document are a serializer and a type: {twice}.")
    result["components"]["schemas"] = dict(sorted((schemas | added).items()))
    return result
