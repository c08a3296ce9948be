"""Hold what the routes of alerts share: answers that no cache keeps."""

from collections.abc import Mapping
from typing import Any

from rest_framework.response import Response

from alerts.bodies import AlertBody
from batchops.shapes import Shape, shape

_SAID: dict[str, Shape] = {
    "success": {"type": "boolean", "enum": [True]},
    "message": {"type": "string"},
}
SAID: Shape = {"type": "object", "properties": _SAID, "required": ["success", "message"]}
MOVED: Shape = {
    "type": "object",
    "properties": {**_SAID, "data": shape(AlertBody)},
    "required": ["success", "message", "data"],
}


def uncached(body: Mapping[str, Any]) -> Response:
    """Return the answer `body`, as new as it is asked for."""
    return Response(body, headers={"Cache-Control": "no-store"})
