"""Draw the lanes of the Gantt and its table, which a template takes three times as long for."""

from collections.abc import Iterable
from datetime import datetime

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from batchops.filling import filled, joined, worded
from batchops.templatetags.batchops import NOTHING, address, badge, duration, moment
from monitoring.gantt import Gantt, Lane, Piece

register = template.Library()

LANE = """<div><a href="{href}">{code}</a>
      <svg viewBox="0 0 1000 30" preserveAspectRatio="none" role="group" \
aria-label="{code}: {state}">{pieces}{marks}</svg></div>"""
RECT = '<rect class="{}" x="{}" y="{}" width="{}" height="{}">{}</rect>'
TITLE = "<title>{}</title>"
RUN = '<a href="{}" aria-label="{}">{}</a>'
MARK = '<path class="{}"{} d="M{} 0V30"></path>'
MOVES = ' data-from="{}" data-to="{}"'
# Words in single brackets, which are the same in every row, figures in double ones.
ROW = """<tr>
      <th scope="row"><a href="{{href}}">{{code}}</a></th>
      <td data-label="{status}">{{badge}}{{outages}}</td>
      <td data-label="{waited}">{{waited}}</td>
      <td data-label="{start}">{{started}}</td>
      <td data-label="{usual_start}">{{starts}}</td>
      <td data-label="{end}">{{ended}}</td>
      <td data-label="{usual_end}">{{ends}}</td>
      <td data-label="{expected_end}">{{expected}}</td>
      <td class="num" data-label="{days}">{{n}}</td>
    </tr>"""
OUTAGE = ' <span class="tag">{}</span>'


@register.simple_tag
def gantt_lanes(chart: Gantt) -> SafeString:
    """Draw each step's line of the chart, with the deadline and now across it."""
    marks = _marks(chart)
    return joined(
        filled(
            LANE,
            href=address("admin:step", lane.view.step.batch_code),
            code=lane.view.step.batch_code,
            state=_(lane.view.look.label),
            pieces=joined(_pieces(lane)),
            marks=marks,
        )
        for lane in chart.lanes
    )


def _pieces(lane: Lane) -> Iterable[SafeString]:
    """Yield the pieces of a lane, what lies above others after them."""
    if lane.usual:
        yield _rect("usual", lane.usual, y=1, height=28)
    if lane.middle:
        yield _rect("tone-neutral", lane.middle, y=25, height=4)
    for outage in lane.outages:
        yield _rect("tone-violet", outage, y=1, height=5)
    if lane.wait:
        yield _rect("wait", lane.wait, y=9, height=12)
    for run in lane.runs:
        tone = run.look.tone if run.look else ""
        yield filled(RUN, run.href, run.title, _rect(f"tone-{tone}", run, y=6, height=18))
    if lane.rest:
        yield _rect("rest tone-neutral", lane.rest, y=6, height=18)
    if lane.range:
        yield _rect("tone-warn", lane.range, y=14, height=2)


def _rect(css: str, piece: Piece, *, y: int, height: int) -> SafeString:
    title = filled(TITLE, piece.title) if piece.title else ""
    return filled(RECT, css, piece.x, y, piece.width, height, title)


def _marks(chart: Gantt) -> SafeString:
    deadline = filled(MARK, "tone-bad", "", chart.deadline_x)
    if chart.now_x is None:
        return deadline
    moves = filled(MOVES, *(at.isoformat() for at in chart.moves)) if chart.moves else ""
    return joined([deadline, filled(MARK, "tone-info", moves, chart.now_x)])


@register.simple_tag
def gantt_rows(chart: Gantt) -> SafeString:
    """Draw each step's row of the table that tells the same."""
    row = worded(
        ROW,
        status=_("Status"),
        waited=_("Waited"),
        start=_("Start"),
        usual_start=_("Usual start"),
        end=_("End"),
        usual_end=_("Usual end"),
        expected_end=_("Expected end"),
        days=_("Days"),
    )
    return joined(_row(row, lane) for lane in chart.lanes)


def _row(row: str, lane: Lane) -> SafeString:
    code, starts, ends = lane.view.step.batch_code, lane.starts, lane.ends
    return filled(
        row,
        href=address("admin:step", code),
        code=code,
        badge=badge(lane.view.look),
        outages=joined(filled(OUTAGE, outage.title) for outage in lane.outages),
        waited=duration(lane.waited_s),
        started=moment(lane.started_at, "time"),
        starts=_between(starts.p10, starts.p90) if starts else NOTHING,
        ended=moment(lane.ended_at, "time"),
        ends=_between(ends.p10, ends.p90) if ends else NOTHING,
        expected=_expected(lane),
        n=lane.band.n,
    )


def _expected(lane: Lane) -> SafeString | str:
    ahead = lane.ahead
    if ahead is None:
        return NOTHING
    if ahead.earliest_at is None or ahead.latest_at is None:
        return moment(ahead.end_at, "time")
    between = _between(ahead.earliest_at, ahead.latest_at)
    return filled("{} ({})", moment(ahead.end_at, "time"), between)


def _between(low: datetime, high: datetime) -> SafeString:
    return filled("{} &ndash; {}", moment(low, "time"), moment(high, "time"))
