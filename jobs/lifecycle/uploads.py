"""Take in files part by part, give them to a job, and let go of them.

A part's row is there before its file and goes after it, so whatever dies in between leaves no
file that nobody knows of.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Now

from batchops.errors import InvalidInput
from batchops.models import User
from jobs import states
from jobs.errors import OverQuota, PartsMissing, UploadNotFound, UploadRefused
from jobs.lifecycle.record import log
from jobs.models import Job, Upload, UploadPart

# Who writes a part for so long is dead, or finds its row gone and removes the file itself.
WRITING_LIMIT = timedelta(minutes=10)
REMOVED_AT_ONCE = 100
# Of one person; UPLOAD_UNUSED_BYTES bounds their size.
UNUSED_FILES = 200
MISSING_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUpload:
    """A file that somebody is about to send."""

    owner: User
    name: str
    size_bytes: int
    part_bytes: int
    sha256: str = ""


@transaction.atomic
def open_upload(new: NewUpload) -> Upload:
    """Note that a file is about to come.

    :raises OverQuota: when its owner has too many that no job has taken.
    """
    # Of two at once, the second sees the first.
    User.objects.select_for_update(no_key=True).get(pk=new.owner.pk)
    _check_quota(new)
    upload = Upload.objects.create(
        owner=new.owner,
        name=new.name,
        size_bytes=new.size_bytes,
        part_bytes=new.part_bytes,
        expected_sha256=new.sha256,
        expires_at=Now() + settings.UPLOAD_UNUSED_KEPT,
    )
    log.info("open upload=%s by=%s bytes=%d", upload.pk, new.owner.pk, new.size_bytes)
    upload.refresh_from_db()
    return upload


@transaction.atomic
def begin_part(upload_id: str, number: int) -> UploadPart:
    """Note that a part is about to be written.

    :raises UploadNotFound: when there is no such upload.
    :raises UploadRefused: when it takes no more parts.
    """
    upload = _locked(upload_id)
    _require_receiving(upload)
    return UploadPart.objects.create(upload=upload, number=number)


@transaction.atomic
def keep_part(part: UploadPart) -> None:
    """Let a part count that is written, in the place of the one that was there before.

    :raises UploadNotFound: when the upload is gone.
    :raises UploadRefused: when it takes no more parts, or this one was given up as too slow.
    """
    upload = _locked(part.upload_id)
    _require_receiving(upload)
    others = UploadPart.objects.filter(
        upload=upload, number=part.number, state=states.PART_KEPT
    ).exclude(pk=part.pk)
    others.update(state=states.PART_UNWANTED)
    written = UploadPart.objects.filter(pk=part.pk, state=states.PART_WRITING)
    if not written.update(state=states.PART_KEPT):
        raise UploadRefused(
            f"Part {part.number} took too long to write. Send it again.", status=upload.state
        )
    Upload.objects.filter(pk=upload.pk).update(expires_at=Now() + settings.UPLOAD_UNUSED_KEPT)


@transaction.atomic
def begin_check(upload_id: str) -> bool:
    """Take no more parts of a file, so that it can be looked at; False when that was done before.

    It may be begun again by who finds that somebody began it and did not come to an end.

    :raises UploadNotFound: when there is no such upload.
    :raises UploadRefused: when it was removed.
    :raises PartsMissing: when not all parts are there; it names them.
    """
    upload = _locked(upload_id)
    if upload.state in (states.UPLOADED, states.USED):
        return False
    _require_parts(upload)
    begun = Upload.objects.filter(pk=upload_id, state__in=(states.RECEIVING, states.CHECKING))
    if not begun.update(state=states.CHECKING):
        raise _refused(upload)
    return True


@transaction.atomic
def accept_upload(upload_id: str, *, sha256: str, kind: str) -> None:
    """Let a file that was looked at wait for a job; nothing when somebody else did so already.

    :raises UploadNotFound: when there is no such upload.
    :raises UploadRefused: when it was removed meanwhile.
    """
    upload = _locked(upload_id)
    accepted = Upload.objects.filter(pk=upload_id, state=states.CHECKING).update(
        state=states.UPLOADED,
        sha256=sha256,
        kind=kind,
        completed_at=Now(),
        expires_at=Now() + settings.UPLOAD_UNUSED_KEPT,
    )
    if accepted:
        log.info("complete upload=%s kind=%s bytes=%d", upload_id, kind, upload.size_bytes)
    elif upload.state not in (states.UPLOADED, states.USED):
        raise _refused(upload)


@transaction.atomic
def remove_upload(upload_id: str, *, actor: str, reason: str = "") -> None:
    """Let go of a file that no job has taken; its parts are removed soon after.

    :raises UploadNotFound: when there is no such upload.
    :raises UploadRefused: when a job has it.
    """
    upload = _locked(upload_id)
    if not _let_go(Upload.objects.filter(pk=upload_id, state__in=states.UNUSED)):
        raise _refused(upload)
    log.info("remove upload=%s by=%s %s", upload_id, actor, reason)


@transaction.atomic
def expire_uploads() -> int:
    """Let go of files that were not finished, or not used, in time; return of how many."""
    old = Upload.objects.filter(state__in=states.UNUSED, expires_at__lt=Now())
    locking = old.order_by("expires_at").select_for_update(no_key=True, skip_locked=True)
    ids = [upload.pk for upload in locking[:REMOVED_AT_ONCE]]
    return _let_go(Upload.objects.filter(pk__in=ids, state__in=states.UNUSED)) if ids else 0


def use_uploads(job: Job, ids: Sequence[str], *, owner: User | None) -> None:
    """Give a job its files, in order; in the transaction that makes the job.

    :raises InvalidInput: when one cannot be had any more; it names which.
    """
    own = Upload.objects.filter(pk__in=ids, owner=owner, owner__isnull=False)
    # In one order, so that two who want the same files do not wait for each other.
    list(own.order_by("pk").select_for_update(no_key=True, of=("self",)))
    for position, upload_id in enumerate(ids):
        used = own.filter(pk=upload_id, state=states.UPLOADED).update(
            state=states.USED, job=job, position=position, expires_at=None
        )
        if not used:
            field = f"files[{position}]"
            sentence = f"Upload '{upload_id[:64]}' is used or gone by now. Send the file again."
            raise InvalidInput(f"Some input cannot be used: {field}.", {field: [sentence]})


def release_uploads(job_ids: Sequence[str]) -> int:
    """Let go of the files of jobs whose items are given up; return of how many."""
    return _let_go(Upload.objects.filter(job__in=job_ids, state=states.USED))


def drop_part(part: UploadPart) -> None:
    """Note that a part that was being written is not wanted."""
    written = UploadPart.objects.filter(pk=part.pk, state=states.PART_WRITING)
    written.update(state=states.PART_UNWANTED)


def parts_to_remove(upload_id: str = "") -> QuerySet[UploadPart]:
    """Return the parts whose files nobody needs and nobody is writing, of one upload or of all."""
    abandoned = Q(state=states.PART_WRITING, created_at__lt=Now() - WRITING_LIMIT)
    parts = UploadPart.objects.filter(abandoned | Q(state=states.PART_UNWANTED))
    return parts.filter(upload=upload_id) if upload_id else parts


def forget_part(part: UploadPart) -> None:
    """Note that nothing of a part is left in the storage."""
    UploadPart.objects.filter(pk=part.pk).exclude(state=states.PART_KEPT).delete()


def forget_uploads() -> int:
    """Remove the rows of files of which nothing is left; return of how many."""
    parts = UploadPart.objects.filter(upload=OuterRef("pk"))
    gone = Upload.objects.filter(state=states.UPLOAD_REMOVED).exclude(Exists(parts))
    ids = list(gone.values_list("pk", flat=True)[:REMOVED_AT_ONCE])
    return Upload.objects.filter(pk__in=ids).delete()[0]


def _locked(upload_id: str) -> Upload:
    upload = Upload.objects.select_for_update(no_key=True).filter(pk=upload_id).first()
    if upload is None:
        raise UploadNotFound(
            f"You have no upload '{upload_id}'. It may have been removed, as unused ones are. "
            "Send the file again."
        )
    return upload


def _require_receiving(upload: Upload) -> None:
    if upload.state != states.RECEIVING:
        raise _refused(upload)


def _refused(upload: Upload) -> UploadRefused:
    words = {
        states.CHECKING: "is complete and being looked at, so it takes no more parts",
        states.UPLOADED: "is complete, so it takes no more parts; delete it to send another",
        states.USED: "belongs to a job, which keeps it",
        states.UPLOAD_REMOVED: "was removed; send the file as a new upload",
    }
    said = words.get(upload.state, f"is {upload.state}")
    return UploadRefused(f"Upload {upload.pk} {said}.", status=upload.state)


def _require_parts(upload: Upload) -> None:
    kept = UploadPart.objects.filter(upload=upload, state=states.PART_KEPT)
    there = set(kept.values_list("number", flat=True))
    missing = [number for number in range(1, upload.parts_total + 1) if number not in there]
    if upload.state == states.RECEIVING and missing:
        shown = ", ".join(map(str, missing[:MISSING_SHOWN]))
        more = f" and {len(missing) - MISSING_SHOWN:,} more" if len(missing) > MISSING_SHOWN else ""
        sentence = f"Missing of {upload.parts_total:,} parts: {shown}{more}. Send them first."
        raise PartsMissing(
            sentence,
            errors={"parts": [sentence]},
            missing=missing[:MISSING_SHOWN],
            status=upload.state,
        )


def _check_quota(new: NewUpload) -> None:
    unused = Upload.objects.filter(owner=new.owner, state__in=states.UNUSED)
    held = unused.aggregate(files=Count("pk"), size=Sum("size_bytes", default=0))
    if held["files"] >= UNUSED_FILES:
        limit, unit = UNUSED_FILES, "files"
    elif held["size"] + new.size_bytes > settings.UPLOAD_UNUSED_BYTES:
        limit, unit = settings.UPLOAD_UNUSED_BYTES, "bytes"
    else:
        return
    sentence = (
        f"You have {held['files']:,} uploads of {held['size']:,} bytes that no job has taken; "
        f"{limit:,} {unit} are the limit. Use them, or delete some."
    )
    raise OverQuota(sentence, errors={"sizeBytes": [sentence]}, limit=limit)


def _let_go(uploads: QuerySet[Upload]) -> int:
    ids = list(uploads.values_list("pk", flat=True))
    removed = uploads.filter(pk__in=ids).update(state=states.UPLOAD_REMOVED, expires_at=None)
    gone = Upload.objects.filter(pk__in=ids, state=states.UPLOAD_REMOVED)
    UploadPart.objects.filter(upload__in=gone, state=states.PART_KEPT).update(
        state=states.PART_UNWANTED
    )
    return removed
