"""A person at a browser, who notices everything that a page does wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from django.test import Client
from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    ViewportSize,
)

LAPTOP = ViewportSize(width=1440, height=900)
PHONE = ViewportSize(width=360, height=740)
Theme = Literal["light", "dark"]
WIDTHS = (1440, 360)
THEMES: tuple[Theme, ...] = ("light", "dark")

# Violations are reported to the console too; the event also names what was refused.
TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`CSP refused ${event.violatedDirective}: ${event.blockedURI}`);
});
"""
LEFT_BEFORE_IT_CAME = "net::ERR_ABORTED"

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

# Every piece of text against what lies behind it, as WCAG 2.1 reckons it, once colours rest.
LOW_CONTRAST = """
async () => {
  const fading = document.getAnimations().filter((each) => each instanceof CSSTransition);
  await Promise.allSettled(fading.map((each) => each.finished));
  const kept = (reckon, known = new Map()) => (key) => {
    if (!known.has(key)) known.set(key, reckon(key));
    return known.get(key);
  };
  const rgba = kept((color) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  });
  const opacity = kept((element) =>
    element ? opacity(element.parentElement) * getComputedStyle(element).opacity : 1);
  const seen = (element, color) => {
    const [red, green, blue, alpha] = rgba(color);
    return [red, green, blue, alpha * opacity(element)];
  };
  const over = (top, below) => {
    const alpha = top[3] / 255;
    return [0, 1, 2].map((i) => top[i] * alpha + below[i] * (1 - alpha)).concat(255);
  };
  const behind = kept((element) => {
    if (!element) return [255, 255, 255, 255];
    const own = seen(element, getComputedStyle(element).backgroundColor);
    return over(own, behind(element.parentElement));
  });
  const light = (color) => color.slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const found = [];
  const judge = (element, text, style) => {
    const shown = element.checkVisibility({ visibilityProperty: true });
    if (!text || !shown || element.closest("[disabled], option")) return;
    const back = behind(element);
    const [a, b] = [light(over(seen(element, style.color), back)), light(back)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const large = parseFloat(style.fontSize) >= 24;
    if (ratio < (large ? 3 : 4.5)) found.push(`${ratio.toFixed(2)} ${text.slice(0, 40)}`);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    judge(element, walker.currentNode.textContent.trim(), getComputedStyle(element));
  }
  const ticks = "[type=checkbox], [type=radio], [type=file]";
  for (const field of document.querySelectorAll(`input:not(${ticks}), select, textarea`)) {
    judge(field, field.value, getComputedStyle(field));
    judge(field, field.placeholder, getComputedStyle(field, "::placeholder"));
  }
  return found;
}
"""


@dataclass
class Visitor:
    """One page of one browser; `complaints` collects what nobody should ever see."""

    origin: str
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)
    expected_statuses: set[int] = field(default_factory=set)

    def watch(self) -> None:
        """Listen for violations, script errors, failed requests and calls to other hosts."""
        self.page.add_init_script(TELL_VIOLATIONS)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("request", self._request)
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._response)

    def dress(self, *, viewport: ViewportSize = LAPTOP, color_scheme: Theme = "light") -> None:
        """Give the page its size and its theme."""
        self.page.set_viewport_size(viewport)
        self.page.emulate_media(color_scheme=color_scheme)

    def every_look(self) -> Iterator[str]:
        """Dress the page, as it is, in every width and theme; say which."""
        for width in WIDTHS:
            for theme in THEMES:
                self.dress(viewport={"width": width, "height": 800}, color_scheme=theme)
                yield f"{width} px, {theme}"

    def log_in(self, client: Client) -> None:
        """Take over the session of a test client."""
        session = client.cookies["sessionid"].value
        self.context.add_cookies([{"name": "sessionid", "value": session, "url": self.origin}])

    def go(self, path: str) -> Response:
        """Open an address of the console and wait until it is loaded."""
        response = self.page.goto(self.origin + path)
        assert response is not None
        return response

    def scrolls_sideways(self) -> bool:
        """Return whether the page is wider than its window."""
        return bool(self.page.evaluate(SIDEWAYS) > 0)

    def faint_texts(self) -> list[str]:
        """Return the texts whose contrast is below AA, with their ratio."""
        found: list[str] = self.page.evaluate(LOW_CONTRAST)
        return found

    def _console(self, message: ConsoleMessage) -> None:
        told_by_response = message.text.startswith("Failed to load resource")
        if message.type == "error" and not told_by_response:
            self.complaints.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        ours = parts.netloc == urlsplit(self.origin).netloc
        if parts.scheme in ("http", "https", "ws", "wss") and not ours:
            self.complaints.append(f"another host: {request.url}")

    def _failed(self, request: Request) -> None:
        if request.failure != LEFT_BEFORE_IT_CAME:
            self.complaints.append(f"failed: {request.url} {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected_statuses:
            self.complaints.append(f"status {response.status}: {response.url}")
