"""Remove the files of ZIPs and uploads that nobody needs any more, a few at each sweep."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from batchops.cluster.cleaning import Cleaned, Kept, note
from batchops.db import database_now
from jobs import artifacts, lifecycle, queries, registry, uploads
from jobs.registry import JobType

NAME = "jobs.files"
EVERY = settings.JOBS_SWEEP_INTERVAL


def remove_old() -> None:
    """Remove some of what is there too long, or was left behind by who died."""
    artifacts.expire_old()
    removed = artifacts.remove_files() + uploads.clean_up()
    left = (
        queries.artifacts_outdated(),
        queries.artifacts_to_remove(),
        lifecycle.parts_to_remove(),
    )
    all_gone = not any(some.exists() for some in left)
    note(NAME, Cleaned(removed, all_gone), at=database_now())


def kept() -> list[Kept]:
    """Return how long ZIPs and unused uploads are kept, and how old the oldest of them is."""
    zip_at, upload_at = queries.oldest_files()
    types = [registry.find(name) for name in registry.names()]
    zips_kept = max([JobType.artifacts_kept, *(each.artifacts_kept for each in types)])
    return [
        Kept(_("ZIPs of jobs, at most"), zips_kept, zip_at),
        Kept(_("Uploads that no job took"), settings.UPLOAD_UNUSED_KEPT, upload_at),
    ]
