"""Describe the API in OpenAPI: who may call, and what every refusal looks like."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import resolve_type_hint
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

Shape = dict[str, Any]
SAFE = ("GET", "HEAD", "OPTIONS")


class Refusal(serializers.Serializer[Any]):
    """What every 4xx and 503 answers; `errors` names fields, and some routes add what helps."""

    success = serializers.BooleanField(default=False)
    message = serializers.CharField(help_text="One sentence: what happened, and what to do.")
    error = serializers.CharField(help_text="A word for machines.")
    errors = serializers.DictField(  # type: ignore[assignment] # the API's word, not DRF's
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="What is wrong, by field.",
    )


# What any route may answer beside what it says itself, and why.
ALWAYS = {
    "401": "Not logged in, or the token is unknown, expired or revoked.",
    "403": "The role does not permit it, or the CSRF token is missing.",
    "429": "Too many requests; Retry-After says when to come again.",
    "503": "The database or a part of the system is away; Retry-After says when to come again.",
}
WITH_INPUT = {
    "400": "Some input cannot be used; `errors` names each field, its limit and the remedy."
}
WITH_NAME = {"404": "There is no such thing, or no longer."}
WITH_BODY = {
    "413": "The body is larger than the server takes.",
    "415": "The body is of a kind that this route does not take.",
}


def shape(hint: Any) -> Shape:
    """Return the schema of what a type hint describes: a TypedDict, or a list of them."""
    schema: Shape = resolve_type_hint(hint)  # type: ignore[no-untyped-call]
    return schema


def enveloped(hint: Any) -> Shape:
    """Return the schema of `{"success": true, "data": ...}` around what a hint describes."""
    return {
        "type": "object",
        "properties": {"success": {"type": "boolean", "enum": [True]}, "data": shape(hint)},
        "required": ["success", "data"],
    }


class DocumentedSchema(AutoSchema):
    """Add to what a route says of itself the refusals that all routes share."""

    def get_tags(self) -> list[str]:
        """Group routes by what stands first in their address."""
        parts = [part for part in self.path.split("/") if part and part != "api"]
        return parts[:1]

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        for code, sentence in self._refusals().items():
            answer = OpenApiResponse(Refusal, description=sentence)
            body = self._get_response_for_code(answer, code, None, direction)  # type: ignore[no-untyped-call]
            bodies.setdefault(code, body)
        return bodies

    def _refusals(self) -> dict[str, str]:
        codes = dict(ALWAYS)
        if self.get_override_parameters() or self.method not in SAFE:
            codes |= WITH_INPUT
        if "{" in self.path:
            codes |= WITH_NAME
        if self.method not in SAFE:
            codes |= WITH_BODY
        return dict(sorted(codes.items()))


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
