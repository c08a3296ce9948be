"""Keep each recipient's PDF in the storage for as long as the job's items are kept."""

import secrets
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import IO, cast

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.db.models import Min
from django.utils.translation import gettext_lazy as _

from batchops.cluster import bells
from batchops.cluster.cleaning import Cleaned, Kept, clean_one_slice
from batchops.cluster.ticks import Tick, register
from jobs import registry
from jobs.models import Job
from jobs.types.document.params import NAME

FOLDER = "documents"
BELL = "jobs.tasks.remove_documents"
LOCK = "jobs.documents"
EVERY = timedelta(minutes=10)
READ_BYTES = 256 * 1024
ASKED_AT_ONCE = 1_000


def keep(job_id: str, position: int, content: bytes) -> str:
    """Put a PDF into the storage and return its name there.

    No two attempts share a name: a worker that was given up for dead and comes back cannot touch
    what another made meanwhile. What nobody names in the end goes with the others of its job.
    """
    name = f"{FOLDER}/{job_id}/{position:07}-{secrets.token_hex(8)}.pdf"
    return _storage().save(name, ContentFile(content))


def opened(name: str) -> IO[bytes]:
    """Return a PDF opened for reading.

    :raises FileNotFoundError: when it is not in the storage any more.
    """
    return cast(IO[bytes], _storage().open(name))


def read(name: str) -> Iterator[bytes]:
    """Yield the bytes of a PDF; it is opened when the first are asked for.

    :raises FileNotFoundError: when it is not in the storage any more.
    """
    with opened(name) as file:
        yield from iter(lambda: file.read(READ_BYTES), b"")


def register_ticks() -> None:
    """Let the wrapper of a watch cluster ring for the clean-up every few minutes."""
    register(Tick("jobs.documents", "watch", EVERY, ring))


def ring() -> None:
    """Ring for one slice of cleaning up."""
    bells.ring(BELL, cluster="watch")


def remove_old() -> None:
    """Remove PDFs of jobs whose items are gone for one slice; ring for the next if some are left.

    One at a time.
    """
    clean_one_slice(LOCK, clean_up, ring=ring)


def clean_up(_at: datetime, /, *, for_s: float) -> Cleaned:
    """Remove the PDFs of jobs whose items retention has removed.

    It begins with no other file after `for_s` seconds.
    """
    ends_at, removed = time.monotonic() + for_s, 0
    for job_id in _outdated(_folders()):
        folder = f"{FOLDER}/{job_id}"
        for name in _storage().listdir(folder)[1]:
            _storage().delete(f"{folder}/{name}")
            removed += 1
            if time.monotonic() > ends_at:
                return Cleaned(removed, all_gone=False)
        # A bucket has no folders, and nothing is there to remove.
        _storage().delete(folder)
    return Cleaned(removed, all_gone=True)


def kept() -> list[Kept]:
    """Return how long PDFs are kept, and since when the job with the oldest of them is over."""
    ended = Job.objects.filter(type=NAME, finished_at__isnull=False, items_removed_at=None)
    oldest_at = ended.aggregate(at=Min("finished_at"))["at"]
    items_kept = registry.find(NAME).items_kept
    return [Kept(_("PDFs, with the items of their jobs"), items_kept, oldest_at)]


def _folders() -> list[str]:
    try:
        return sorted(_storage().listdir(FOLDER)[0])
    except FileNotFoundError:  # there was never a document
        return []


def _outdated(job_ids: list[str]) -> Iterable[str]:
    """Yield the ids of those jobs whose items are gone, or which are gone themselves."""
    for at in range(0, len(job_ids), ASKED_AT_ONCE):
        some = job_ids[at : at + ASKED_AT_ONCE]
        kept = Job.objects.filter(pk__in=some, items_removed_at=None)
        yield from sorted(set(some) - set(kept.values_list("pk", flat=True)))


def _storage() -> Storage:
    return storages["artifacts"]
