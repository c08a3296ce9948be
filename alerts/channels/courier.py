"""Carry one message to a chat service through Apprise, in a process of its own without Django.

It reads one JSON object from standard input, so that no secret stands in the list of processes:
`url`, `title`, `body`, `tone`, `incident`. It writes one: `took`, and what was `said`.
"""

import json
import logging
import re
import sys
from typing import Any
from urllib.parse import quote, unquote

LONGEST_SAID = 300
SHORTEST_SECRET = 4


class Said(logging.Handler):
    """Keep what Apprise says went wrong."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage()


def carry(message: dict[str, str]) -> dict[str, Any]:
    """Send one message; what is said holds no part of the address."""
    # Slow to import, and of no use to anybody else.
    import apprise
    from apprise.logger import logger

    heard = Said()
    logger.handlers = [heard]
    logger.propagate = False
    asset = apprise.AppriseAsset(app_id="BatchOps", http_redirects=False)
    service = apprise.Apprise.instantiate(_address(message), asset=asset)
    if service is None:
        return {"took": False, "said": "the address is not understood"}
    took = service.notify(
        title=message["title"],
        body=message["body"],
        notify_type=apprise.NotifyType(message["tone"]),
    )
    return {"took": bool(took), "said": _without_secrets(heard.last, message["url"])}


def _address(message: dict[str, str]) -> str:
    """Return the address, with the incident that a message to PagerDuty opens or ends."""
    url, incident = message["url"], message["incident"]
    if not url.lower().startswith("pagerduty://"):
        return url
    ties = f"action=map&dedup={quote(incident, safe='')}" if incident else "action=trigger"
    return f"{url}{'&' if '?' in url else '?'}{ties}"


def _without_secrets(said: str, url: str) -> str:
    _, _, secret = url.partition("://")
    parts = set(re.split(r"[/:@?&=,]+", secret)) | set(re.split(r"[/:@?&=,]+", unquote(secret)))
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= SHORTEST_SECRET:
            said = said.replace(part, "***")
    return " ".join(said.split())[:LONGEST_SAID]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(carry(json.load(sys.stdin))))
