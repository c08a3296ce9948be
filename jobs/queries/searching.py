"""Search jobs and items by what people remember: the start of an id, words, an item's label."""

from typing import Any

from django.db.models import F, Func, Lookup, Q, QuerySet
from django.db.models.sql.compiler import SQLCompiler

from jobs import states
from jobs.models import Job, JobItem, JobQuerySet
from jobs.words import ERROR_WORDS, JOB_WORDS, JOB_WORDS_SCANNED, LABEL, query_of

NEWEST = ("-created_at", "-pk")
# The same order, but of no index: the planner then begins with the few that match.
NEWEST_OF_FEW = (Func("created_at", template="%(expressions)s + interval '0'").desc(), "-pk")
POSITION_OF_FEW = Func("position", template="(%(expressions)s + 0)")
POSITIONS_SCANNED = 2_500
# Common words are found by looking at so many of the newest jobs for each that is asked for, rare
# ones by the index.
SCANNED_FOR_ONE = 50
RARE = 1_000  # matches, up to which their ids are named
# Of a label or an error that very many items share, so many are looked at.
ITEMS_SEARCHED = 500
# Those that the index of labels holds.
_LABELLED = Q(params__has_key="label")


def search_jobs(found: JobQuerySet, text: str) -> JobQuerySet:
    """Return those of `found` that `text` leads to.

    That are the jobs whose id begins with it, those that hold all its words in title, campaign,
    external id, type or error (of the last word the beginning), and those with an item whose
    label begins with it or whose error holds the words. Of items at most ITEMS_SEARCHED each
    are looked at, here and now.
    """
    return found.alias(words=JOB_WORDS).filter(_led_to(text, _jobs_of_items(text)))


def newest_led_to(found: JobQuerySet, text: str, *, limit: int) -> list[Job]:
    """Return the newest of what search_jobs finds, up to `limit`.

    The planner cannot know how common a word's beginning is. So it is not asked: one query scans
    the newest jobs, and only if that does not fill the page another one uses the index.
    """
    wanted = _led_to(text, _jobs_of_items(text))
    newest = found.order_by(*NEWEST).values_list("created_at", flat=True)
    border = newest[SCANNED_FOR_ONE * limit :].first()
    scanned = found if border is None else found.filter(created_at__gte=border)
    rows = list(scanned.alias(words=JOB_WORDS_SCANNED).filter(wanted).order_by(*NEWEST)[:limit])
    if border is None or len(rows) == limit:
        return rows
    return list(_by_index(found, wanted).order_by(*NEWEST_OF_FEW)[:limit])


def _by_index(found: JobQuerySet, wanted: Q) -> JobQuerySet:
    """Return those that match, the rare ones by their ids: for one or two no workers are woken."""
    matching = found.alias(words=JOB_WORDS).filter(wanted)
    ids = list(matching.values_list("pk", flat=True)[: RARE + 1])
    return found.filter(_AnyOf(F("pk"), ids)) if len(ids) <= RARE else matching


def search_items(found: QuerySet[JobItem], text: str) -> QuerySet[JobItem]:
    """Return the items of one job at position `text`, or whose label begins with it."""
    position = _position_of(text)
    wanted = _LABELLED & Q(label__startswith=text.lower())
    if position is not None:
        wanted |= Q(position=position)
    return found.alias(label=LABEL).filter(wanted)


def first_searched(found: QuerySet[JobItem], text: str, *, start: int, limit: int) -> list[JobItem]:
    """Return what search_items finds of one job from position `start` on: the first `limit`.

    Those whose labels begin with a common text are found by looking at the next positions, rare
    ones by the index; the planner cannot know which they are. One more may be at position `text`.
    """
    labelled = found.alias(label=LABEL).filter(_LABELLED, label__startswith=text.lower())
    near = labelled.filter(position__range=(start, start + POSITIONS_SCANNED - 1))
    rows: list[JobItem] = [*near.order_by("position")[:limit]]
    if len(rows) < limit:
        rows = [*labelled.filter(position__gte=start).order_by(POSITION_OF_FEW)[:limit]]
    position = _position_of(text)
    if position is not None and position >= start:
        rows += [*found.filter(position=position)]
    return rows


def _position_of(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _led_to(text: str, jobs_of_items: set[str]) -> Q:
    wanted = Q(_AnyOf(F("pk"), list(jobs_of_items))) | Q(pk__startswith=text)
    query = query_of(text)
    return wanted if query is None else wanted | Q(words=query)


class _AnyOf(Lookup[Any]):
    """The condition that a column is one of a list: as one value, not as hundreds."""

    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, Any]:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", [*params, self.rhs]


def _jobs_of_items(text: str) -> set[str]:
    labelled = JobItem.objects.alias(label=LABEL).filter(_LABELLED, label__startswith=text.lower())
    found = set(labelled.values_list("job_id", flat=True)[:ITEMS_SEARCHED])
    query = query_of(text)
    if query is not None:
        failed = JobItem.objects.alias(words=ERROR_WORDS).filter(state=states.FAILED, words=query)
        found |= set(failed.values_list("job_id", flat=True)[:ITEMS_SEARCHED])
    return found
