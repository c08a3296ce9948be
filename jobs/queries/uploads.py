"""Find files that people have sent: somebody's own, those of a job, and their parts."""

from collections.abc import Sequence

from django.db.models import QuerySet

from batchops.models import User
from jobs import states
from jobs.errors import UploadNotFound
from jobs.models import Job, Upload, UploadPart


def find_upload(upload_id: str, *, owner: User) -> Upload:
    """Return somebody's own upload.

    :raises UploadNotFound: when there is none, or it is another's.
    """
    own = Upload.objects.filter(pk=upload_id, owner=owner).exclude(state=states.UPLOAD_REMOVED)
    upload = own.first()
    if upload is None:
        raise UploadNotFound(
            f"You have no upload '{upload_id}'. It may have been removed, as unused ones are. "
            "Send the file again."
        )
    return upload


def own_uploads(ids: Sequence[str], *, owner: User | None) -> dict[str, Upload]:
    """Return those of some uploads that belong to somebody, by id."""
    named = [one for one in ids if "\0" not in one]  # which no text in the database holds
    found = Upload.objects.filter(pk__in=named, owner=owner, owner__isnull=False)
    return {upload.pk: upload for upload in found.exclude(state=states.UPLOAD_REMOVED)}


def unused_uploads(ids: Sequence[str], *, owner: User) -> list[Upload]:
    """Return those of somebody's uploads that wait for a job, in the order of their ids."""
    own = own_uploads(ids, owner=owner)
    found = [own[one] for one in ids if one in own]
    return [upload for upload in found if upload.state == states.UPLOADED]


def uploads_of(job: Job) -> QuerySet[Upload]:
    """Return the files of a job, in order."""
    return Upload.objects.filter(job=job, state=states.USED).order_by("position")


def parts_of(upload: Upload) -> list[UploadPart]:
    """Return the parts of an upload that are there, in order."""
    kept = UploadPart.objects.filter(upload=upload, state=states.PART_KEPT)
    return list(kept.order_by("number"))
