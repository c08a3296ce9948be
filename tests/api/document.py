"""Read the API's document, and hold answers against it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import requests
import schemathesis
from asgiref.sync import async_to_sync
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from schemathesis.core.transport import Response

Document = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
BASE = "http://testserver"


@cache
def document() -> Document:
    """Return the document as programs read it."""
    made = SchemaGenerator().get_schema(request=None, public=True)
    read: Document = json.loads(json.dumps(made, default=str))
    return read


@cache
def schema() -> Any:
    """Return the document as schemathesis knows it."""
    return schemathesis.openapi.from_dict(document())


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Return method, address and description of every operation."""
    return [
        (method.upper(), path, found)
        for path, methods in document()["paths"].items()
        for method, found in methods.items()
        if method in METHODS
    ]


def send(client: Client, request: requests.PreparedRequest) -> Response:
    """Let a test client send what schemathesis made, byte for byte; return the whole answer."""
    body: Any = request.body or b""
    headers: dict[str, Any] = dict(request.headers)
    content_type = headers.pop("Content-Type", "")
    answer: Any = client.generic(
        request.method or "",
        request.path_url,
        body.encode() if isinstance(body, str) else body,
        content_type=content_type,
        headers=headers,
    )
    return Response(
        status_code=answer.status_code,
        headers={name.lower(): [value] for name, value in answer.headers.items()},
        content=_whole(answer),
        request=request,
        elapsed=0,
        verify=True,
    )


def ask(
    client: Client, method: str, path: str, *, of: dict[str, str], body: Any = None, query: str = ""
) -> Response:
    """Call an operation of the document; fail unless the document has the answer."""
    address = BASE + path.format(**of) + query
    told = send(client, requests.Request(method, address, json=body).prepare())
    schema()[path][method].validate_response(told)
    return told


def _whole(answer: Any) -> bytes:
    if not answer.streaming:
        content: bytes = answer.content
        return content

    async def read() -> bytes:
        return b"".join([block async for block in answer.streaming_content])

    return async_to_sync(read)()
