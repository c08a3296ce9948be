"""Ask the API of a real web server, as programs do."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ApiClient:
    """Who asks one web server, by a token."""

    host: str
    port: int
    token: str

    def ask(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """Return the status and the JSON of the answer.

        :raises OSError: when nobody answers; an `http.client.HTTPException` when the line breaks.
        """
        web = http.client.HTTPConnection(self.host, self.port, timeout=20)
        own = {"Authorization": f"Token {self.token}", "Content-Type": "application/json"}
        try:
            web.request(method, path, json.dumps(body) if body else None, own | headers)
            answer = web.getresponse()
            found: dict[str, Any] = json.loads(answer.read())
        finally:
            web.close()
        return answer.status, found
