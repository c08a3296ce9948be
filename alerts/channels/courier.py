"""Carry one message to a chat service through Apprise, in a process of its own without Django.

It reads one JSON object from standard input, so that no secret stands in the list of processes:
`url`, `title`, `text`, `link`, `tone`, `incident`. It writes one: `took`, and what was `said`.
"""

import json
import logging
import re
import sys
from importlib import import_module
from typing import Any
from urllib.parse import quote, unquote

LONGEST_SAID = 300
SHORTEST_SECRET = 4
MASK = "***"
NUMBER = re.compile(r"\+?\d{7,}")  # of a telephone or chat, which the address may write otherwise
MARKS = re.compile(r"[\\`*_{}\[\]()#+.!|<>~-]")  # that mean something in Markdown
MODULES = {
    "slack": ("slack", "NotifySlack"),
    "tgram": ("telegram", "NotifyTelegram"),
    "twilio": ("twilio", "NotifyTwilio"),
    "pagerduty": ("pagerduty", "NotifyPagerDuty"),
    "workflows": ("workflows", "NotifyWorkflows"),
}


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
    # No picture of Apprise's, which readers would load from elsewhere.
    asset = apprise.AppriseAsset(
        app_id="BatchOps", http_redirects=False, image_url_mask="", image_url_logo=""
    )
    service = _service(_address(message), asset)
    if service is None:
        return {"took": False, "said": "the address is not understood"}
    services = apprise.Apprise()
    services.add(service)
    took = services.notify(
        title=message["title"],
        notify_type=apprise.NotifyType(message["tone"]),
        **_body(message),
    )
    return {"took": bool(took), "said": _without_secrets(heard.last, message["url"])}


def _service(url: str, asset: Any) -> Any:
    """Return the service that an address leads to, None when it is not understood.

    Only its own module is loaded: by its scheme Apprise would look through all of some hundred.
    """
    module, name = MODULES[url.partition("://")[0].lower()]
    plugin = getattr(import_module(f"apprise.plugins.{module}"), name)
    found = plugin.parse_url(url)
    try:
        return plugin(**found, asset=asset) if found else None
    except TypeError:
        return None


def _body(message: dict[str, str]) -> dict[str, Any]:
    """Return the body and its format: Teams takes Markdown, in which Apprise would break links."""
    text, link = message["text"], message["link"]
    if not message["url"].startswith("workflows://"):
        return {"body": f"{text}\n{link}", "body_format": "text"}
    escaped = MARKS.sub(r"\\\g<0>", text)
    return {"body": f"{escaped}\n\n[{link}]({link})", "body_format": "markdown"}


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
            said = said.replace(part, MASK)
    return " ".join(NUMBER.sub(MASK, said).split())[:LONGEST_SAID]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(carry(json.load(sys.stdin))))
