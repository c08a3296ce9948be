"""Find runs: what a list is narrowed down to, and its pages."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from batchops.paging import Cursor
from monitoring import figures
from monitoring.models import Run, RunQuerySet
from monitoring.queries import Freshness
from monitoring.states import RunState, while_stale

# A batch number as people copy it: 4711, 4711/1 of a rerun, CM-DMRU 4711.
NUMBER = re.compile(
    r"(?:(?P<code>[A-Za-z][\w-]*)[\s/]+)?(?P<nbr>\d{1,18})(?:/(?P<rerun>\d{1,18}))?"
)


@dataclass(frozen=True, slots=True)
class RunFilter:
    """What a list of runs is narrowed down to; empty values mean all.

    `states` are those that are shown: while the picture is stale, what may move is unknown.
    `failed_lately` leaves the runs that failed within 24 hours, repaired ones too.
    """

    batch_code: str = ""
    states: Collection[RunState] = ()
    failed_lately: bool = False
    first_day: date | None = None
    last_day: date | None = None
    number: int | None = None

    def runs(self, fresh: Freshness) -> RunQuerySet:
        """Return the runs that match, as they are shown with a picture of this age."""
        found = Run.objects.all()
        if self.batch_code:
            found = found.filter(batch_code=self.batch_code)
        if self.states:
            found = found.filter(state__in=_stored(self.states, stale=fresh.stale))
        if self.failed_lately:
            failures = figures.failures_since(fresh.source_now - figures.FAILED_WINDOW)
            found = found.filter(pk__in=failures.values("run"))
        if self.first_day:
            found = found.filter(business_date__gte=self.first_day)
        if self.last_day:
            found = found.filter(business_date__lte=self.last_day)
        return found if self.number is None else found.filter(batch_nbr=self.number)


def runs_named(text: str) -> RunQuerySet:
    """Return the runs that `text` names: a batch number, code and number, or a code alone."""
    key = NUMBER.fullmatch(text)
    if key is None:
        return Run.objects.filter(batch_code__in=_cases(text))
    found = Run.objects.filter(batch_nbr=key["nbr"])
    if key["rerun"]:
        found = found.filter(rerun_nbr=key["rerun"])
    return found.filter(batch_code__in=_cases(key["code"])) if key["code"] else found


def page_of(
    found: RunQuerySet, *, limit: int, after: Cursor | None = None
) -> tuple[list[Run], Cursor | None]:
    """Return up to `limit` of the runs, newest first, and the place where the next page begins."""
    page = found.newest_first()
    if after is not None:
        page = page.filter(after.older("started_at"), started_at__lte=after.at)
    rows = list(page[: limit + 1])
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], Cursor(last.started_at, last.pk)


def repaired_lately(runs: Collection[Run], at: datetime) -> set[int]:
    """Return the ids of those of `runs` that failed within 24 hours before `at` and no longer are.

    `at` is by CC&B's clock.
    """
    failures = figures.failures_since(at - figures.FAILED_WINDOW).filter(
        run__in=runs, run__state=RunState.COMPLETE
    )
    return set(failures.values_list("run", flat=True))


def _cases(code: str) -> set[str]:
    return {code, code.upper()}


def _stored(shown: Collection[RunState], *, stale: bool) -> list[RunState]:
    return [state for state in RunState if (while_stale(state) if stale else state) in shown]
