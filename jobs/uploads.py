"""Keep the files that people send: in parts, in the storage, until a job takes them."""

import errno
import hashlib
import logging
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.db.models import F, Sum
from django.db.models.functions import Now

from batchops.db import give_connection_back
from batchops.errors import BatchOpsError, InvalidInput, Unavailable
from batchops.models import User
from jobs import lifecycle, queries, states
from jobs.archive import safe_file_name
from jobs.errors import FileTooLarge, KindRefused, NoRoom, UploadNotFound, UploadRefused
from jobs.lifecycle import NewUpload
from jobs.models import Job, Upload, UploadPart
from jobs.reading import KINDS, WORDS, GivenFile, Piece, recognise
from jobs.reading.stored import HEAD_BYTES

log = logging.getLogger("jobs.uploads")

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NAME_LENGTH = 150
HASHED_BYTES = 1024 * 1024


def announce(owner: User, name: str, size_bytes: int, *, sha256: str = "") -> Upload:
    """Begin an upload that comes in parts; return it.

    :raises InvalidInput: when the file is empty.
    :raises FileTooLarge: when it is larger than one may be.
    :raises OverQuota: when its owner has too many that no job has taken.
    :raises NoRoom: when the disk has no room for it.
    """
    _check_size(size_bytes)
    _check_room(size_bytes + _still_to_come())
    new = NewUpload(
        owner=owner,
        name=safe_file_name(name)[:NAME_LENGTH],
        size_bytes=size_bytes,
        part_bytes=settings.UPLOAD_PART_BYTES,
        sha256=sha256.lower(),
    )
    return lifecycle.open_upload(new)


def receive(upload: Upload, number: int, content: bytes) -> None:
    """Store one part; the same part again takes the place of the first.

    :raises InvalidInput: when there is no such part, or it is too short or too long.
    :raises UploadRefused: when the upload takes no more parts.
    :raises NoRoom: when the disk has no room for it.
    :raises Unavailable: when the storage fails.
    """
    _check_part(upload, number, len(content))
    _check_room(len(content))
    _store(upload, number, ContentFile(content))


def complete(upload: Upload, *, actor: str) -> Upload:
    """Look at the whole file that came, and let it wait for a job; return it.

    One that is not what was announced, or that nothing here reads, is removed.

    :raises PartsMissing: when not all parts are there; it names them.
    :raises InvalidInput: when its SHA-256 is another than announced.
    :raises KindRefused: when nothing here reads what it is.
    :raises UploadRefused: when it was removed, or a part of it is not in the storage any more.
    """
    if lifecycle.begin_check(upload.pk):
        given = _given(upload)
        give_connection_back()  # reading may take long
        try:
            digest, kind = _look_at(given)
            _check_content(upload, digest, kind)
        except FileNotFoundError:
            remove(upload, actor=actor)
            raise UploadRefused(
                f"A part of upload {upload.pk} is missing in the storage. Send the file again.",
                status=states.UPLOAD_REMOVED,
            ) from None
        except BatchOpsError:
            remove(upload, actor=actor)
            raise
        lifecycle.accept_upload(upload.pk, sha256=digest, kind=kind)
    upload.refresh_from_db()
    return upload


def remove(upload: Upload, *, actor: str) -> None:
    """Let go of an upload that no job has taken, with its files.

    :raises UploadRefused: when a job has it.
    """
    lifecycle.remove_upload(upload.pk, actor=actor)
    _remove_files(lifecycle.parts_to_remove(upload.pk))
    lifecycle.forget_uploads()


@contextmanager
def brought(files: Sequence[File[Any]], *, owner: User, actor: str) -> Iterator[list[str]]:
    """Store whole files that came with a request; yield their ids.

    Those that no job has taken by the end of the block are removed.

    :raises: what `announce`, `receive` and `complete` raise, under the names `files[0]` and on.
    """
    kept: list[Upload] = []
    try:
        for number, file in enumerate(files):
            with named(f"files[{number}]"):
                kept.append(announce(owner, file.name or "file", file.size))
                _store_all(kept[-1], file)
                complete(kept[-1], actor=actor)
        yield [upload.pk for upload in kept]
    finally:
        for upload in kept:
            with suppress(UploadNotFound, UploadRefused):  # a job has it, or it is gone already
                remove(upload, actor=actor)


def digests_of(files: Sequence[File[Any]]) -> list[str]:
    """Return the SHA-256 of whole files, by which a repeated request is known as the same."""
    found = []
    for file in files:
        digest = hashlib.sha256()
        for block in file.chunks(HASHED_BYTES):
            digest.update(block)
        file.seek(0)
        found.append(digest.hexdigest())
    return found


@contextmanager
def named(field: str) -> Iterator[None]:
    """Let a refusal inside the block name a field of the request."""
    try:
        yield
    except BatchOpsError as error:
        error.extra = {**error.extra, "errors": {field: [error.message]}}
        raise


def job_files(job: Job) -> list[GivenFile]:
    """Return the files that a job was started with, in order; none once its items are removed."""
    return [_given(upload) for upload in queries.uploads_of(job)]


def job_file(job: Job, position: int) -> GivenFile:
    """Return one of the files that a job was started with.

    :raises UploadNotFound: when it has none at that position, or none any more.
    """
    upload = queries.uploads_of(job).filter(position=position).first()
    if upload is None:
        raise UploadNotFound(f"Job {job.pk} has no file {position} any more. Send it anew.")
    return _given(upload)


def given_files(ids: Sequence[str], *, owner: User) -> dict[str, GivenFile]:
    """Return those of somebody's files that wait for a job, by the ids of their uploads."""
    return {one.pk: _given(one) for one in queries.unused_uploads(ids, owner=owner)}


def clean_up() -> int:
    """Remove a little of what was not finished or used in time, or left behind by who died.

    It returns of how many parts.
    """
    lifecycle.expire_uploads()
    removed = _remove_files(lifecycle.parts_to_remove()[: lifecycle.REMOVED_AT_ONCE])
    lifecycle.forget_uploads()
    return removed


def _store_all(upload: Upload, file: File[Any]) -> None:
    for number in range(1, upload.parts_total + 1):
        receive(upload, number, file.read(upload.part_length(number)))


def _store(upload: Upload, number: int, content: File[Any]) -> None:
    part = lifecycle.begin_part(upload.pk, number)
    give_connection_back()  # writing may take long
    try:
        _storage().save(part.storage_name, content)
        lifecycle.keep_part(part)
    except OSError as error:
        _remove_written(part)
        raise _failed(error) from error
    except BatchOpsError:
        _remove_written(part)
        raise
    _remove_files(lifecycle.parts_to_remove(upload.pk))


def _remove_written(part: UploadPart) -> None:
    lifecycle.drop_part(part)
    _remove_files([part])
    lifecycle.forget_uploads()


def _remove_files(parts: Iterable[UploadPart]) -> int:
    removed = 0
    for part in parts:
        _storage().delete(part.storage_name)
        lifecycle.forget_part(part)
        removed += 1
    return removed


def _failed(error: OSError) -> BatchOpsError:
    if error.errno in FULL:
        return _no_room()
    log.error("storage failed: %s", error)
    return Unavailable("The storage of files fails now. Try again in a moment.")


def _given(upload: Upload) -> GivenFile:
    parts = queries.parts_of(upload)
    pieces = [
        Piece(upload.part_length(part.number), partial(_storage().open, part.storage_name))
        for part in parts
    ]
    return GivenFile(upload.name, upload.kind, upload.size_bytes, upload.sha256, pieces)


def _look_at(given: GivenFile) -> tuple[str, str]:
    digest, head = hashlib.sha256(), b""
    with given.open() as file:
        while block := file.read(HASHED_BYTES):
            head = head or block[:HEAD_BYTES]
            digest.update(block)
    return digest.hexdigest(), recognise(head, given.name)


def _check_content(upload: Upload, digest: str, kind: str) -> None:
    if upload.expected_sha256 and upload.expected_sha256 != digest:
        sentence = (
            f"The file that came has another SHA-256 ({digest}) than announced "
            f"({upload.expected_sha256}): it was changed on its way. Send it again."
        )
        raise InvalidInput(sentence, {"sha256": [sentence]})
    if kind not in KINDS:
        taken = ", ".join(WORDS[one] for one in KINDS)
        sentence = f"{upload.name} is {WORDS[kind]}. Taken are: {taken}."
        refusal = KindRefused(sentence, {"file": [sentence]})
        refusal.extra = {**refusal.extra, "recognised": kind}
        raise refusal


def _check_size(size_bytes: int) -> None:
    if size_bytes == 0:
        raise InvalidInput(
            "The file is empty. Send one that holds something.",
            {"sizeBytes": ["Must be at least 1: the file is empty."]},
        )
    limit = settings.UPLOAD_MAX_BYTES
    if size_bytes > limit:
        sentence = f"The file has {size_bytes:,} bytes; {limit:,} is the limit. Send several."
        refusal = FileTooLarge(sentence, {"sizeBytes": [sentence]})
        refusal.extra = {**refusal.extra, "limitBytes": limit}
        raise refusal


def _check_part(upload: Upload, number: int, length: int) -> None:
    if not 1 <= number <= upload.parts_total:
        sentence = f"There is no part {number}; they have the numbers 1 to {upload.parts_total:,}."
        raise InvalidInput(sentence, {"n": [sentence]})
    wanted = upload.part_length(number)
    if length != wanted:
        sentence = f"Part {number} has {length:,} bytes and must have {wanted:,}. Send it again."
        raise InvalidInput(sentence, {"part": [sentence]})


def _check_room(size_bytes: int) -> None:
    free = _free_bytes()
    if free is not None and free - size_bytes < settings.UPLOAD_DISK_RESERVE_BYTES:
        raise _no_room()


def _no_room() -> NoRoom:
    sentence = (
        "The disk has no room for the file now. Free some space or delete uploads, then send it "
        "again."
    )
    return NoRoom(sentence, errors={"sizeBytes": [sentence]})


def _free_bytes() -> int | None:
    """Return what is free where parts are stored; None where the storage says no such thing."""
    storage = _storage()
    if not isinstance(storage, FileSystemStorage):
        return None
    folder = Path(storage.location)
    there = next(one for one in (folder, *folder.parents) if one.exists())
    return shutil.disk_usage(there).free


def _still_to_come() -> int:
    """Return about how many bytes were announced and have not come."""
    coming = Upload.objects.filter(state=states.RECEIVING, expires_at__gt=Now())
    announced = coming.aggregate(size=Sum("size_bytes", default=0))["size"]
    kept = UploadPart.objects.filter(upload__in=coming, state=states.PART_KEPT)
    came = kept.aggregate(size=Sum(F("upload__part_bytes"), default=0))["size"]
    return int(max(0, announced - came))


def _storage() -> Storage:
    return storages["uploads"]
