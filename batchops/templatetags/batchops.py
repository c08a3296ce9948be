"""Draw the small things every page shares: icons, badges, bars, cards, times and figures."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.templatetags.i18n import TranslateNode, do_translate
from django.templatetags.static import static
from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.utils.dates import MONTHS_3, WEEKDAYS_ABBR
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

from batchops.filling import filled
from batchops.looks import Look

register = template.Library()

SPANS = ((1, "s"), (60, "min"), (3600, "h"))
CLOCKS = {"time": "%H:%M", "seconds": "%H:%M:%S"}
LEAST_RATE = 0.1
BAR = (
    '<span class="bar tone-{0}"><progress max="100" aria-label="{1}" value="{2}"></progress>'
    '<span class="bar-figure">{2}%</span>{3}</span>'
)
LIVE_BAR = (
    '<span class="bar tone-{0}"><progress max="100" aria-label="{1}" value="{2}"'
    ' data-live-value="{4}"></progress><span class="bar-figure" data-live-text="{4}"'
    ' data-live-format="percent">{2}%</span>{3}</span>'
)
TIME = '<time class="figure" datetime="{0}" title="{1}">{2}</time>'
TICKING = '<time class="figure" datetime="{0}" title="{1}" data-tick="{3}">{2}</time>'
UNKNOWN_BAR = '<span class="bar tone-{}"><progress max="100" aria-label="{}"></progress>{}</span>'
PLACE = "1234567890"  # stands for a key in an address
NOTHING = "\N{EN DASH}"  # what stands where a figure is not known


@register.simple_tag
@lru_cache(maxsize=500)
def icon(name: str, css: str = "") -> SafeString:
    """Draw one icon of the sprite; it is decoration, so a word must stand beside it."""
    return filled(
        '<svg class="icon icon-{} {}" aria-hidden="true" focusable="false">'
        '<use href="{}#{}"></use></svg>',
        name,
        css,
        static("batchops/icons.svg"),
        name,
    )


class Word(template.Node):
    """A constant that is looked up once in each language."""

    def __init__(self, looked_up: TranslateNode) -> None:
        self.looked_up, self.asvar = looked_up, looked_up.asvar
        self.said: dict[tuple[str | None, bool], str] = {}
        looked_up.asvar = None

    def render(self, context: template.Context) -> str:
        shown_in = get_language(), context.autoescape
        said = self.said.get(shown_in)
        if said is None:
            said = self.said[shown_in] = self.looked_up.render(context)
        if not self.asvar:
            return said
        context[self.asvar] = said
        return ""


@register.tag
def translate(parser: template.base.Parser, token: template.base.Token) -> template.Node:
    """Translate as Django's tag of this name, which looks a word up each time it is drawn."""
    node = do_translate(parser, token)
    said = node.filter_expression
    is_constant = said.var.lookups is None and not said.filters
    return Word(node) if is_constant and not (node.noop or node.message_context) else node


@register.simple_tag
def address(route: str, key: int | str = "") -> str:
    """Return where a page stands, or one thing of a list by its number or its plain id.

    `{% url %}` searches all routes each time.
    """
    before, after = _around(route, get_script_prefix(), keyed=key != "")
    return f"{before}{key}{after}"


@lru_cache(maxsize=500)
def _around(route: str, _prefix: str, *, keyed: bool) -> tuple[str, str]:
    before, _, after = reverse(route, args=[PLACE] if keyed else []).partition(PLACE)
    return before, after


@register.simple_tag
def badge(look: Look, css: str = "") -> SafeString:
    """Draw a state as `look` says: always icon and word, the colour only repeats them."""
    return _badge(look, css, get_language())


@lru_cache(maxsize=500)
def _badge(look: Look, css: str, _language: str | None) -> SafeString:
    return filled(
        '<span class="badge tone-{} {}" data-state="{}">{}{}</span>',
        look.tone,
        css,
        look.code,
        icon(look.icon),
        gettext(look.label),
    )


@register.simple_tag
def bar(
    percent: float | None, label: str, tone: str = "info", live: str = "", note: str = ""
) -> SafeString:
    """Draw a progress bar named `label` for those who cannot see it.

    `percent` is 0 to 100; None draws a bar without a figure, for work whose size is unknown.
    `live` names the field of the live frame that moves it, `note` stands behind the figure.
    """
    drawn_note = filled('<span class="bar-note">{}</span>', note) if note else ""
    if percent is None:
        return filled(UNKNOWN_BAR, tone, label, drawn_note)
    whole = int(percent)  # down: 100 means done
    return filled(LIVE_BAR if live else BAR, tone, label, whole, drawn_note, live)


@register.inclusion_tag("console/_card.html")
def card(
    label: str, value: Any, href: str = "", tone: str = "neutral", **more: Any
) -> dict[str, Any]:
    """Draw a figure with its label; with `href` the whole card is a link.

    `more`: `note` (a line below), `icon`, `live` and `format` (the field of the live frame and
    how it is written).
    """
    shown = NOTHING if value is None or value == "" else value
    if isinstance(value, int):
        shown = grouped(value)
    return {**more, "label": label, "value": shown, "href": href, "tone": tone}


@register.simple_tag
def drawn(values: Mapping[str, Any] | None = None, **more: Any) -> SafeString:
    """Write which values of the live frame a region is drawn from: `path=value`, or a mapping.

    The page fetches the region's fragment when its first frame has others. They must come from
    what was read for the region or before it, never after, or a change would go unseen.
    """
    text = json.dumps({**(values or {}), **more}, cls=DjangoJSONEncoder, separators=(",", ":"))
    return filled(' data-live-structure="{}"', text)


@register.filter
def known(value: Any) -> bool:
    """Tell whether there is a value."""
    return value is not None and value != ""


@register.filter
def size(value: float) -> float:
    """Return how great a number is, whatever its sign."""
    return abs(value)


@register.filter
def duration(seconds: float | timedelta | str | None) -> str:
    """Write seconds in people's words: 30s, 2m 15s, 1h 30m, 2d 4h; a dash for None."""
    if seconds is None or seconds == "":
        return NOTHING
    whole = int(seconds.total_seconds() if isinstance(seconds, timedelta) else float(seconds))
    minutes, rest = divmod(max(whole, 0), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d {hours}h"
    if hours:
        return f"{hours}h {minutes}m"
    if minutes:
        return f"{minutes}m {rest}s"
    return f"{rest}s"


@register.filter
def day_clock(seconds: float | None) -> str:
    """Write seconds since midnight of a business day as 14:05, past its end as 02:10 +1."""
    if seconds is None:
        return NOTHING
    days, rest = divmod(round(seconds / 60), 1440)
    return f"{rest // 60:02}:{rest % 60:02}" + (f" +{days}" if days else "")


@register.simple_tag
def site_clock() -> str:
    """Name the site's zone behind an hour of its clock, where pages are drawn on another."""
    site = settings.SITE_TIME_ZONE
    return "" if str(timezone.get_current_timezone()) == site else f" {site}"


def about(low_s: float, high_s: float) -> str:
    """Write a time between two numbers of seconds: about 5-7 min; as static/batchops/eta.js."""
    length, unit = next((one for one in SPANS if high_s < one[0] * 90), SPANS[-1])
    low, high = max(1, int(low_s // length)), -int(-high_s // length)
    span = str(high) if low == high else f"{low}\N{EN DASH}{high}"
    return gettext("about %(span)s") % {"span": f"{span} {unit}"}


@register.filter
def rate(per_second: float | str | None) -> str:
    """Write a throughput as 125.3/s, a slow one as 4.5/min or 2.0/h; a dash for None."""
    if per_second is None or per_second == "":
        return NOTHING
    speed = float(per_second)
    spans = SPANS if speed > 0 else SPANS[:1]
    length, unit = next((one for one in spans if speed * one[0] >= LEAST_RATE), spans[-1])
    tenths = round(speed * length, 1)  # else it would be cut off, and pages live say another
    return f"{_grouped(tenths, 1, get_language())}/{unit}"


@register.filter
def grouped(number: float | None) -> str:
    """Write a number with its thousands apart: 12,345; a dash for None."""
    return NOTHING if number is None else _grouped(number, None, get_language())


# Of a number, how it is written in a language takes longer to find out than to remember.
@lru_cache(maxsize=10_000, typed=True)
def _grouped(number: float, decimals: int | None, _language: str | None) -> str:
    return number_format(number, decimal_pos=decimals, use_l10n=True, force_grouping=True)


@register.simple_tag
def moment(at: datetime | None, style: str = "full") -> SafeString | str:
    """Write an aware moment on the reader's clock, exact in the title; a dash for None.

    `style`: `full` (22 Nov 14:05), `time` (14:05) or `seconds` (14:05:09).
    """
    if at is None:
        return NOTHING
    this_year = 0 if style in CLOCKS else timezone.localtime().year
    return _moment(at, style, this_year, timezone.get_current_timezone(), get_language())


@lru_cache(maxsize=2_000)
def _moment(at: datetime, style: str, this_year: int, *shown_in: object) -> SafeString:
    """Write a moment, the same way for all who are `shown_in` one zone and language."""
    local = timezone.localtime(at)
    if style in CLOCKS:
        return _time(at, f"{local:{CLOCKS[style]}}")
    year = "" if local.year == this_year else f" {local.year}"
    return _time(at, f"{local.day} {MONTHS_3[local.month].title()}{year} {local:%H:%M}")


@register.simple_tag
def since(at: datetime | None) -> SafeString | str:
    """Write how long ago `at` was; ticks in the browser. A dash for None."""
    if at is None:
        return NOTHING
    return _time(at, ago(timezone.now() - at), tick="since")


@register.simple_tag
def until(at: datetime | None) -> SafeString | str:
    """Write how long it is until `at`, as 28:45; ticks in the browser. A dash for None."""
    if at is None:
        return NOTHING
    return _time(at, countdown(at - timezone.now()), tick="until")


@register.simple_tag
def elapsed(at: datetime | None) -> SafeString | str:
    """Write how long it has lasted since `at`; ticks in the browser. A dash for None."""
    if at is None:
        return NOTHING
    return filled(
        '<span class="figure" data-tick="elapsed" data-from="{}" title="{}">{}</span>',
        at.isoformat(),
        exact(at),
        duration(timezone.now() - at),
    )


def ago(age: timedelta) -> str:
    """Write an age in one unit: 40 s ago, 12 min ago, 3 h ago, 5 days ago."""
    seconds = max(int(age.total_seconds()), 0)
    if seconds < 60:
        return gettext("%(n)s s ago") % {"n": seconds}
    if seconds < 3600:
        return gettext("%(n)s min ago") % {"n": seconds // 60}
    if seconds < 48 * 3600:
        return gettext("%(n)s h ago") % {"n": seconds // 3600}
    days = seconds // 86400
    return ngettext("%(n)s day ago", "%(n)s days ago", days) % {"n": days}


def countdown(rest: timedelta) -> str:
    """Write a rest of time as 28:45 or 1:02:03, 0:00 when it is over."""
    minutes, seconds = divmod(max(int(rest.total_seconds()), 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def exact(at: datetime) -> str:
    """Write a moment to the second with its zone, for titles."""
    local = timezone.localtime(at)
    day = (
        f"{WEEKDAYS_ABBR[local.weekday()]} {local.day} {MONTHS_3[local.month].title()} {local.year}"
    )
    return f"{day} {local:%H:%M:%S %Z} ({at:%Y-%m-%dT%H:%M:%S%z})"


def _time(at: datetime, text: str, *, tick: str = "") -> SafeString:
    return _timed(at, text, tick, timezone.get_current_timezone(), get_language())


@lru_cache(maxsize=2_000)
def _timed(at: datetime, text: str, tick: str, *_shown_in: object) -> SafeString:
    return filled(TICKING if tick else TIME, at.isoformat(), exact(at), text, tick)
