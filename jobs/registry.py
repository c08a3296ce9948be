"""Know the job types: what a type says about its work, and which types there are."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from django.utils.translation import gettext

from batchops.inputs import StrictSerializer
from batchops.registry import Registry
from jobs.errors import UnknownType
from jobs.lifecycle import WorkItem
from jobs.models import Job
from jobs.reading import GivenFile

Result = dict[str, Any] | None
SEES_PERSONAL = "jobs.view_customer"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A job that people may start over the finished items of another.

    `action` is its word in addresses ("enrich"), `label` that of its button, `type` the job type;
    its params get `parentId`, the id of the job it follows.
    """

    action: str
    label: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesTaken:
    """Which files a job of a type is started with.

    `kinds` are some of jobs.reading.KINDS, told by what is in the file; `bytes_each` bounds each
    file, below what the site allows (UPLOAD_MAX_BYTES).
    """

    kinds: Sequence[str]
    least: int = 1
    most: int = 1
    bytes_each: int = 2 * 1024**3


class JobType:
    """Say how one kind of job is done; a subclass in jobs/types/, decorated with `register`.

    Needed are `name`, `label`, `params`, `items` and `run_item` (or `run_chunk`). A type keeps
    no state of its own: any worker may be asked for any part of a job at any time.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    # What it does, in a sentence or two for the people who start it.
    about: ClassVar[str] = ""
    # Validates the params that start a job, and those of an item that comes with the request.
    params: ClassVar[type[StrictSerializer]]
    item_params: ClassVar[type[StrictSerializer] | None] = None
    # The files that a job is started with; None: it takes none.
    takes_files: ClassVar[FilesTaken | None] = None
    # Whether only one job of the type may be open at a time.
    single_flight: ClassVar[bool] = False
    # Done by programs outside, which take items by the API; no cluster works on it. Its items come
    # with the request, and what a program reports of an item is final.
    external: ClassVar[bool] = False
    # What may be started when a job of the type is done.
    follow_ups: ClassVar[Sequence[FollowUp]] = ()
    # An item that runs longer fails; its worker process is ended and replaced.
    item_limit: ClassVar[timedelta] = timedelta(minutes=5)
    # The same for one call of run_chunk, however many items it is given.
    chunk_limit: ClassVar[timedelta] = timedelta(minutes=10)
    # The same for one summary, and for one turn of making items (some seconds, or one batch of
    # 5,000 if that takes longer), after which the job is given up.
    step_limit: ClassVar[timedelta] = timedelta(minutes=10)
    # How long the job itself may take, from when its work began (anew at a retry); then it is
    # given up: what nobody has begun is cancelled, items at work see `progress.cancel_wished()`.
    job_limit: ClassVar[timedelta | None] = None
    # How many workers may be at the items of one job at a time; None: all there are.
    max_workers: ClassVar[int | None] = None
    # How long an open job may settle no item before it counts as stuck; None: as long as one item
    # or chunk may take, and then what it takes to hand on a dead worker's work.
    stuck_after: ClassVar[timedelta | None] = None
    # How long one attempt at its ZIP may take.
    artifact_limit: ClassVar[timedelta] = timedelta(minutes=30)
    # How long after a job's end its items and its ZIP are kept; its row and summaries outlive both.
    items_kept: ClassVar[timedelta] = timedelta(days=60)
    artifacts_kept: ClassVar[timedelta] = timedelta(days=30)
    # How often an item is begun, in all, before its failure is final.
    max_attempts: ClassVar[int] = 1
    # Templates that draw, on a job's page, its items and what its summary holds, instead of the
    # usual ones; they get `items`, rows of jobs.rows, and `details`, what summary_shown returns.
    items_template: ClassVar[str] = "jobs/_item_table.html"
    summary_template: ClassVar[str] = ""
    # Set by a type that does many items in one go: returns, in the same order, for each item
    # its result or the exception that it failed with.
    run_chunk: ClassVar[
        Callable[[Any, Job, Sequence[WorkItem]], Sequence[Result | Exception]] | None
    ] = None

    # Params and results of its items hold names, addresses or phones, or what leads to them: only
    # operators see and export them. Its errors and labels everybody sees.
    personal: ClassVar[bool] = False
    # Name of the page that shows its results, which gets the job's id.
    results_page: ClassVar[str] = ""
    # How many items run_chunk is given at once; None: as many as take about 200 ms. For a type
    # that asks a distant system once for all of them.
    chunk_items: ClassVar[int | None] = None

    def check_file(self, params: dict[str, Any], file: GivenFile) -> None:
        """Refuse a file that cannot be used; called in the request, so keep it to seconds.

        :raises UnreadableFile: it names row, column or limit, as the readers of jobs.reading do.
        """

    def check_order(
        self, params: dict[str, Any], *, items: Sequence[dict[str, Any]] | None, files: int
    ) -> None:
        """Refuse what only params, items and files together show to be wrong.

        Called in the request when each alone is right: `items` are those that came with it, as
        `item_params` returned them, and `files` is how many files came.

        :raises InvalidInput: it names the fields.
        """

    def title(self, params: dict[str, Any]) -> str:
        """Name a job that was started without a title."""
        return self.label

    def items(self, job: Job, start: int) -> Iterator[dict[str, Any] | None]:
        """Yield the params of the items at position `start` and on, the same at each call."""
        raise NotImplementedError

    def run_item(self, job: Job, item: WorkItem) -> Result:
        """Do one item and return what to keep of it; raise ItemFailed with a sentence if it fails.

        It may be called again for the same item if a worker dies, so let its effects be
        repeatable, or send `job.pk` and the position outside as the key that makes them so.
        A long one calls `progress.report(done, total, note)` as it goes, and where it could
        stop it raises ItemCancelled if `progress.cancel_wished()`.
        """
        raise NotImplementedError

    def backoff(self, attempt: int) -> timedelta:
        """Return how long to wait after failed attempt number `attempt` before the next."""
        return timedelta(seconds=min(600, 5 * 2**attempt))

    def makes_artifact(self, params: dict[str, Any]) -> bool:
        """Say whether a job with these params makes a ZIP when it ends."""
        return type(self).artifact_files is not JobType.artifact_files

    def artifact_name(self, job: Job) -> str:
        """Name the ZIP as people see it; what cannot stand in a file name is replaced."""
        return f"{job.title} {job.pk}.zip"

    def artifact_files(self, job: Job) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Yield the name and the bytes of each file of the ZIP of an ended job.

        Each file's bytes are taken before the next file is asked for, and never twice. Folders
        in a name are kept; a name that came before gets a number. It is called anew, from the
        beginning, when an attempt failed or its worker died.
        """
        raise NotImplementedError

    def summarise(self, job: Job) -> dict[str, Any]:
        """Return what the summary of an ended job should hold beside its counters."""
        return {}

    def summary_shown(self, details: dict[str, Any]) -> dict[str, Any]:
        """Return what `summary_template` draws of what `summarise` returned."""
        return details


_types: Registry[JobType] = Registry(__name__)


def register(job_type: type[JobType]) -> type[JobType]:
    """Make a job type known by its name; a class decorator."""
    _types[job_type.name] = job_type()
    return job_type


def caps() -> dict[str, int | None]:
    """Return the name of each type that clusters do, with how many may be at one job's items."""
    return {name: one.max_workers for name, one in _types.items() if not one.external}


def limited() -> dict[str, timedelta]:
    """Return the name of each type whose jobs may only take so long, and how long."""
    limits = {name: job_type.job_limit for name, job_type in _types.items()}
    return {name: limit for name, limit in limits.items() if limit is not None}


def names() -> list[str]:
    """Return the names of all types."""
    return sorted(_types)


def label_of(name: str) -> str:
    """Return what people call a type, translated; its name when no worker of today knows it."""
    return gettext(_types[name].label) if name in _types else name


def label_or_gone(name: str) -> str:
    """Return what people call a type, translated; of one that is known no more, that it is gone."""
    if name in _types:
        return label_of(name)
    return gettext("%(type)s (no longer there)") % {"type": name}


def items_template(name: str) -> str:
    """Return the template that draws items of a type; the usual one of a type no longer known."""
    return _types[name].items_template if name in _types else JobType.items_template


def summary_shown(name: str, details: dict[str, Any]) -> dict[str, Any]:
    """Return what the template of a type draws of what its summary holds."""
    return _types[name].summary_shown(details) if name in _types else details


def summary_template(name: str) -> str:
    """Return the template that draws what summaries of a type hold; empty for the usual way."""
    return _types[name].summary_template if name in _types else JobType.summary_template


def hides_results(name: str, user: Any) -> bool:
    """Say whether a type's results are hidden from a user, as are those of one not known."""
    personal = name not in _types or _types[name].personal
    return personal and not user.has_perm(SEES_PERSONAL)


def results_page(name: str) -> str:
    """Return the name of the page with a type's results; empty when it has none of its own."""
    return _types[name].results_page if name in _types else ""


def follow_ups(name: str) -> Sequence[FollowUp]:
    """Return what may follow a job of a type; nothing when the type is no longer known."""
    return _types[name].follow_ups if name in _types else ()


def find(name: str) -> JobType:
    """Return the type of that name.

    :raises UnknownType: when there is none; it lists those there are.
    """
    if name not in _types:
        sentence = f"Unknown job type. Known are: {', '.join(names())}."
        raise UnknownType(sentence, {"type": [sentence]})
    return _types[name]
