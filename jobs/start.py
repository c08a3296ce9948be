"""Start jobs: check what was asked against the job's type, store it, ring for a worker."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from batchops import tallies
from batchops.api import by_field
from batchops.cluster import bells
from batchops.cluster.queries import require_alive
from batchops.db import give_connection_back
from batchops.errors import InvalidInput
from batchops.inputs import StrictSerializer
from batchops.models import User
from jobs import lifecycle, queries, registry, states, uploads
from jobs.errors import AlreadyRunning, KeyReused
from jobs.models import Job, StartKey, Upload
from jobs.reading import WORDS, GivenFile, UnreadableFile
from jobs.registry import JobType
from jobs.runner import WORK

KEY_LIFE = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody asks for, not yet checked against the type it names."""

    type: str
    params: dict[str, Any]
    title: str = ""
    items: list[dict[str, Any]] | None = None
    priority: int = 0
    campaign_id: str = ""
    external_id: str = ""
    # Ids of uploads, and whose they must be.
    files: Sequence[str] = ()
    files_of: User | None = None


def start_job(order: Order, *, actor: str) -> Job:
    """Create a job and ring for a worker; the caller may answer before anything ran.

    :raises InvalidInput: when the type does not know the params or items; names each field.
    :raises UnknownType: when nobody registered the type.
    :raises Unavailable: when no jobs cluster is alive, so that nobody would do it.
    :raises AlreadyRunning: when only one job of the type may be open, and one is.
    :raises DuplicateExternalId: when another job has its external id.
    """
    return start_checked(checked(order, actor=actor))


def start_checked(new: lifecycle.NewJob) -> Job:
    """Create a job that was checked against its type, and ring for a worker.

    :raises: what `start_job` and `lifecycle.create` raise.
    """
    if not registry.find(new.type).external:
        require_alive("jobs")
    try:
        with transaction.atomic():
            job = lifecycle.create(new)
            _ring_for(new)
    except AlreadyRunning:
        tallies.note("trigger_conflicts", new.type)
        raise
    return job


def checked(order: Order, *, actor: str) -> lifecycle.NewJob:
    """Return the job that an order asks for, after checking it against its type.

    :raises InvalidInput: when the type does not know the params or items; names each field.
    :raises UnknownType: when nobody registered the type.
    """
    job_type = registry.find(order.type)
    params = _checked(job_type.params, order.params, "params")
    items, files = _checked_items(job_type, order.items), _checked_files(job_type, order)
    job_type.check_order(params, items=items, files=len(files))
    return lifecycle.NewJob(
        type=order.type,
        title=order.title or job_type.title(params),
        params=params,
        created_by=actor,
        items=items,
        priority=order.priority,
        campaign_id=order.campaign_id,
        external_id=order.external_id,
        # To programs outside the word may mean anything.
        parent_id=params.get("parentId") if "parentId" in job_type.params().fields else None,
        single_flight_key=order.type if job_type.single_flight else "",
        makes_artifact=job_type.makes_artifact(params),
        files=files,
        files_of=order.files_of,
    )


def problems_of(order: Order) -> dict[str, list[str]]:
    """Return by field all that the type finds wrong with an order's params and items."""
    job_type = registry.find(order.type)
    found: dict[str, list[str]] = {}
    for check in (
        lambda: _checked(job_type.params, order.params, "params"),
        lambda: _checked_items(job_type, order.items),
    ):
        try:
            check()
        except InvalidInput as error:
            found |= error.extra["errors"]
    return found


def check_contents(order: Order) -> None:
    """Let a type read the files of an order that wait for a job; call it before the job's start.

    Not from a transaction, for it may take seconds. Files that cannot be had are passed over:
    whoever starts the job is told.

    :raises InvalidInput: when a file cannot be used; it names the file, and the place in it.
    """
    job_type = registry.find(order.type)
    if job_type.takes_files is None or order.files_of is None or not order.files:
        return
    params = _checked(job_type.params, order.params, "params")
    given = uploads.given_files(order.files, owner=order.files_of)
    give_connection_back()
    for upload_id, file in given.items():
        if file.kind in job_type.takes_files.kinds:
            _check_content(job_type, params, file, f"files[{order.files.index(upload_id)}]")


def _check_content(job_type: JobType, params: dict[str, Any], file: GivenFile, field: str) -> None:
    try:
        job_type.check_file(params, file)
    except UnreadableFile as error:
        raise error.of_field(field) from error


def require_files(job_type: JobType, count: int) -> None:
    """Pass when a job of a type may be started with so many files.

    :raises InvalidInput: when it takes fewer, or needs more.
    """
    taken = job_type.takes_files
    if taken is None:
        least = most = 0
    else:
        least, most = taken.least, taken.most
    if least <= count <= most:
        return
    wanted = f"{least} to {most}" if least < most else str(most or "no")
    sentence = f"A job of type {job_type.name} takes {wanted} files, and {count} came."
    raise InvalidInput("Some input cannot be used: files.", {"files": [sentence]})


def _checked_files(job_type: JobType, order: Order) -> Sequence[str]:
    require_files(job_type, len(order.files))
    own = queries.own_uploads(order.files, owner=order.files_of)
    errors: dict[str, list[str]] = {}
    for number, upload_id in enumerate(order.files):
        problem = _problem_of_file(job_type, own.get(upload_id))
        if upload_id in order.files[:number]:
            problem = "Given twice. Name each upload once."
        if problem:
            errors[f"files[{number}]"] = [problem]
    if errors:
        raise InvalidInput(f"Some input cannot be used: {', '.join(errors)}.", errors)
    return order.files


def _problem_of_file(job_type: JobType, upload: Upload | None) -> str:
    taken = job_type.takes_files
    assert taken is not None
    if upload is None:
        return "You have no such upload. Send the file, and use the id that you are given."
    if upload.state == states.USED:
        return "Another job has this upload. Send the file again."
    if upload.state != states.UPLOADED:
        return "This upload is not complete. Send its missing parts, then complete it."
    if upload.kind not in taken.kinds:
        wanted = ", ".join(WORDS[kind] for kind in taken.kinds)
        return f"{upload.name} is {WORDS[upload.kind]}. Taken are: {wanted}."
    if upload.size_bytes > taken.bytes_each:
        return (
            f"{upload.name} has {upload.size_bytes:,} bytes; {taken.bytes_each:,} is the limit. "
            "Send it in several files."
        )
    return ""


def ring() -> None:
    """Ring one bell; the worker that answers calls the others."""
    bells.ring(WORK, cluster="jobs")


def _ring_for(new: lifecycle.NewJob) -> None:
    """Ring at once for as many workers as the job can use: it is over sooner than calls pass on.

    One looks at an external job, which has no use for more.
    """
    wanted = settings.JOBS_WORKERS if new.items is None else len(new.items)
    at_once = registry.caps().get(new.type, 1) or settings.JOBS_WORKERS
    workers = max(1, min(wanted, at_once, settings.JOBS_WORKERS))
    bells.ring(WORK, cluster="jobs", times=workers, at_most=workers)


def once(user: User, key: str, body: Any, start: Callable[[], Job]) -> Job:
    """Start a job at most once in 24 hours for this user and key; return the job either way.

    :raises KeyReused: when the key came with another body.
    """
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    with transaction.atomic():
        StartKey.objects.filter(user=user, key=key, created_at__lt=Now() - KEY_LIFE).delete()
        # A second request with the key waits here for the first to commit.
        StartKey.objects.bulk_create(
            [StartKey(user=user, key=key, body_digest=digest)], ignore_conflicts=True
        )
        held = StartKey.objects.select_for_update(no_key=True).get(user=user, key=key)
        if held.body_digest != digest:
            raise KeyReused(
                "This Idempotency-Key came with another body before. Use a new key for a new "
                "job, or send the first body again."
            )
        if held.job is None:
            held.job = start()
            held.save(update_fields=["job"])
        return held.job


def _checked_items(
    job_type: JobType, items: list[dict[str, Any]] | None
) -> list[dict[str, Any]] | None:
    if items is None:
        return [] if job_type.external else None
    if job_type.item_params is None:
        sentence = f"A job of type {job_type.name} makes its own items; leave this field out."
        raise InvalidInput("Some input cannot be used: items.", {"items": [sentence]})
    return [
        _checked(job_type.item_params, item, f"items[{number}]")
        for number, item in enumerate(items)
    ]


def _checked(
    serializer: type[StrictSerializer], data: dict[str, Any], where: str
) -> dict[str, Any]:
    checked = serializer(data=data)
    if checked.is_valid():
        return dict(checked.validated_data)
    errors = by_field(checked.errors, where)
    raise InvalidInput(f"Some input cannot be used: {', '.join(errors)}.", errors)
