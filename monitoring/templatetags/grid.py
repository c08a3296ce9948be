"""Draw the rows of the runs grid, which a template takes three times as long for."""

from collections.abc import Iterable

from django import template
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from batchops.filling import filled, joined, worded
from batchops.looks import Look
from batchops.templatetags.batchops import address, badge, duration
from monitoring.grid import Cell, Row

register = template.Library()

# Words in single brackets, which are the same in every row, what differs in double ones.
ROW = """<tr>
    <th scope="row"><a class="figure" href="{today}?date={{day}}">{{weekday}} {{day}}</a>{{kind}}\
<br><a class="figure" href="{compare}?b={{day}}">{week_before}</a></th>
    <td data-label="{{whole}}"><span class="trail">{{took}}{{share}}</span></td>
    {{cells}}
  </tr>"""
KIND = ' <span class="tag">{}</span>'
CELL = """<td data-label="{label}"><a class="trail" href="{href}">\
<span class="visually-hidden">{label} </span>{badge}<span>{took}{runs}</span>{share}</a></td>"""
NO_CELL = '<td data-label="{}">&ndash;</td>'
SHARE = """<svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">\
<rect class="tone-{}" width="{}" height="1"></rect></svg>"""


@register.simple_tag
def grid_rows(rows: Iterable[Row]) -> SafeString:
    """Draw business days as the rows of a table, a step in each column."""
    form = worded(
        ROW,
        today=address("admin:index"),
        compare=address("admin:compare"),
        week_before=_("a week before"),
    )
    return joined(_row(form, row) for row in rows)


def _row(form: str, row: Row) -> SafeString:
    return filled(
        form,
        day=row.day.isoformat(),
        weekday=date_format(row.day, "D"),
        kind=filled(KIND, row.kind.label) if row.kind.is_special else "",
        whole=row.whole.label,
        took=duration(row.whole.took_s),
        share=filled(SHARE, "neutral", row.whole.share_pct),
        cells=joined(_cell(cell, cell.look) for cell in row.cells),
    )


def _cell(cell: Cell, look: Look | None) -> SafeString:
    if look is None:
        return filled(NO_CELL, cell.label)
    runs = _("%(n)s runs") % {"n": cell.runs}
    return filled(
        CELL,
        label=cell.label,
        href=cell.href,
        badge=badge(look),
        took="" if cell.took_s is None else f" {duration(cell.took_s)}",
        runs=filled(" &middot; {}", runs) if cell.runs > 1 else "",
        share=filled(SHARE, look.tone, cell.share_pct),
    )
