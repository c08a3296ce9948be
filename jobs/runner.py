"""Work for one slice of time: lease a chunk, do its items, settle, and again."""

import logging
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from batchops.cluster import bells, stopping
from batchops.cluster.ends import worker_name
from batchops.log_lines import about
from jobs import artifacts, lifecycle, queries, registry, states
from jobs.artifacts import Making
from jobs.chunk import CHUNK_TIME, Chunk
from jobs.errors import DATABASE_AWAY, LostClaim, in_words
from jobs.heartbeat import Heartbeat, Held
from jobs.lifecycle import Chosen, Lease
from jobs.models import Job
from jobs.registry import JobType
from jobs.step import Step, give_up

log = logging.getLogger("jobs.runner")

WORK = "jobs.tasks.work"
# The first items are stored soon, so that the other workers have something to begin with.
EXPAND_FIRST = 500
EXPAND_BATCH = 5_000
# How long a worker makes a job's items while other jobs wait.
EXPAND_TURN_S = 2.0
# How often, while there are items to do, a worker looks for other steps, such as summaries.
STEPS_EVERY_S = 0.25
LINGER_S = 0.5
LINGER_LOOK_S = 0.005
CHUNK_MAX = 500
# How many items are leased at most before anybody knows how long they take.
CHUNK_FIRST = 32
# Near a job's end chunks are smaller, so that all workers end together, but not below this.
CHUNK_LEAST_S = 0.05


def run_slice() -> None:
    """Work until there is nothing to do, JOBS_SLICE is over or the cluster stops.

    Rings again if there is more.
    """
    with Heartbeat() as heartbeat:
        try:
            _Slice(heartbeat).run()
        except (DatabaseError, InterfaceError):
            # What was leased comes back with the end of its lease; the sweep rings.
            log.exception("slice ended early by the database")
            connection.close()


def ring_if_work(*, workers: int = 1) -> bool:
    """Ring for `workers` if any job has work that may begin now; say whether it has."""
    lifecycle.wake_jobs()
    has_work = (
        lifecycle.choose(registry.caps(), passed=()) is not None
        or _has_step()
        or bool(queries.cancels_left())
    )
    if has_work:
        _ring(workers)
    return has_work


def _has_step() -> bool:
    return queries.may_have_steps() and (
        queries.to_summarise(types=registry.names()).exists()
        or queries.to_reopen(types=registry.names()).exists()
        or artifacts.is_due()
    )


def _ring(workers: int) -> None:
    bells.ring(WORK, cluster="jobs", times=workers, at_most=workers)


class _Slice:
    def __init__(self, heartbeat: Heartbeat) -> None:
        self._heartbeat = heartbeat
        self._worker = worker_name()
        self._ends_at = time.monotonic() + settings.JOBS_SLICE.total_seconds()
        self._called_at: float | None = None
        self._steps_at = 0.0

    def run(self) -> None:
        lifecycle.expire_claims()
        self._carry_out_cancels()
        while lease := self._next_lease() or self._wait_for_items():
            # Not only before the first lease, for the others may have left before there was work.
            if self._called_at is None and lease.kind != states.EXPAND:
                self._call_others()
            self._work_on(lease)
            if self._is_over():
                break
        ring_if_work()

    def _call_others(self) -> None:
        """Ring for every other worker if there is more to do, so that all are at it in a moment."""
        if ring_if_work(workers=max(1, settings.JOBS_WORKERS - 1)):
            self._called_at = time.monotonic()

    def _call_to_new_items(self) -> None:
        """Call the others, but not those who were called just now: they stay for more."""
        if self._called_at is None or time.monotonic() - self._called_at >= LINGER_S:
            self._call_others()

    def _wait_for_items(self) -> Lease | None:
        """Stay a moment for the items that another worker makes; a bell takes much longer."""
        self._called_at = time.monotonic()  # by who makes the items
        ends_at = self._called_at + LINGER_S
        while time.monotonic() < ends_at and not self._is_over() and queries.is_expanding():
            time.sleep(LINGER_LOOK_S)
            if lease := self._next_due_step() or self._next_items():
                return lease
        return None

    def _is_over(self) -> bool:
        return stopping.requested() or time.monotonic() >= self._ends_at

    def _carry_out_cancels(self) -> None:
        for job_id in queries.cancels_left():
            lifecycle.cancel_pending(job_id, actor="system:worker")

    def _next_lease(self) -> Lease | None:
        return self._next_due_step() or self._next_items() or self._next_step()

    def _next_due_step(self) -> Lease | None:
        if time.monotonic() < self._steps_at:
            return None
        self._steps_at = time.monotonic() + STEPS_EVERY_S
        lifecycle.wake_jobs()
        if lease := self._next_step():
            self._steps_at = 0.0
        return lease

    def _next_items(self) -> Lease | None:
        passed: list[str] = []
        while chosen := lifecycle.choose(registry.caps(), passed=passed):
            if lease := self._claim(chosen):
                return lease
            passed.append(chosen.job_id)
        return None

    def _next_step(self) -> Lease | None:
        if not queries.may_have_steps():
            return None
        return self._next_reopening() or self._next_summary() or artifacts.next_lease(self._worker)

    def _next_reopening(self) -> Lease | None:
        left = queries.to_reopen(types=registry.names())
        for job_id in left.values_list("pk", flat=True)[:5]:
            if lease := lifecycle.claim_reopening(job_id, worker=self._worker):
                return lease
        return None

    def _next_summary(self) -> Lease | None:
        due = queries.to_summarise(types=registry.names())
        for job_id in due.values_list("pk", flat=True)[:5]:
            if lease := lifecycle.claim_summary(job_id, worker=self._worker):
                return lease
        return None

    def _claim(self, chosen: Chosen) -> Lease | None:
        if chosen.wants_expansion:
            return lifecycle.claim_expansion(chosen.job_id, worker=self._worker)
        return lifecycle.claim_items(
            chosen.job_id,
            limit=size_of(chosen),
            worker=self._worker,
            max_workers=chosen.max_workers,
        )

    def _work_on(self, lease: Lease) -> None:
        with about(job_id=lease.job.pk):
            self._do(lease)

    def _do(self, lease: Lease) -> None:
        job_type = registry.find(lease.job.type)
        try:
            if lease.kind == states.ITEMS:
                self._do_items(Chunk(lease, job_type))
            elif lease.kind == states.EXPAND:
                self._expand(Step(lease, job_type), job_type)
            elif lease.kind == states.REOPEN:
                self._reopen(Held(lease))
            elif lease.kind == states.ARTIFACT:
                self._make_artifact(Making(lease, job_type), job_type)
            else:
                self._summarise(Step(lease, job_type), job_type)
        except LostClaim as error:
            log.warning("%s", error)
            if lease.kind != states.ITEMS:
                # Somebody else's move ended the step, not the lease: the next may have it now.
                lifecycle.release(lease)
        finally:
            self._heartbeat.held = None

    def _do_items(self, chunk: Chunk) -> None:
        self._heartbeat.held = chunk
        chunk.run(is_over=self._is_over)

    def _expand(self, held: Held, job_type: JobType) -> None:
        self._heartbeat.held = held
        try:
            if self._add_items(held, job_type):
                lifecycle.close_expansion(held.lease)
        except (LostClaim, *DATABASE_AWAY):
            raise
        except Exception as error:  # noqa: BLE001 (a type's fault is its job's, and is stored)
            give_up(held.lease, in_words(error))

    def _add_items(self, held: Held, job_type: JobType) -> bool:
        """Make items until all are made, or it is others' turn: then say so by False."""
        job = held.lease.job
        position = job.next_position
        turn_ends_at = time.monotonic() + EXPAND_TURN_S
        for batch in _batches(job_type.items(job, position)):
            position = lifecycle.add_items(held.lease, batch, start=position)
            self._call_to_new_items()
            is_turn_over = time.monotonic() >= turn_ends_at and self._others_wait(job)
            if held.stopped or is_turn_over or self._is_over():
                lifecycle.release(held.lease)
                return False
        return True

    def _others_wait(self, job: Job) -> bool:
        return lifecycle.choose(registry.caps(), passed=[job.pk]) is not None

    def _reopen(self, held: Held) -> None:
        """Open the items of a retried job again until all are, or it is others' turn."""
        self._heartbeat.held = held
        turn_ends_at = time.monotonic() + EXPAND_TURN_S
        while lifecycle.reopen_items(held.lease):
            self._call_to_new_items()
            if held.stopped or self._is_over() or time.monotonic() >= turn_ends_at:
                break
        lifecycle.release(held.lease)

    def _make_artifact(self, held: Making, job_type: JobType) -> None:
        self._heartbeat.held = held
        artifacts.make(held, job_type)

    def _summarise(self, held: Held, job_type: JobType) -> None:
        self._heartbeat.held = held
        job_id = held.lease.job.pk
        log.info("aggregate start job=%s", job_id)
        try:
            details = job_type.summarise(held.lease.job)
            lifecycle.store_summary(held.lease, details)
        except (LostClaim, *DATABASE_AWAY):
            raise
        except Exception as error:
            # The job stays as it ended; when this lease has run out, it is tried again.
            log.exception("aggregate failed job=%s", job_id)
            lifecycle.fail_summary(held.lease, why=in_words(error))
            return
        log.info("aggregate complete job=%s", job_id)


def size_of(chosen: Chosen) -> int:
    """Return how many items of a job to lease, so that they take about CHUNK_TIME.

    Less when not much is left: half of what each worker of the cluster would have to do. While
    nobody knows how long they take, only of plenty: what a worker holds no other can begin.
    """
    job_type = registry.find(chosen.type)
    if job_type.chunk_items is not None:
        return job_type.chunk_items
    share: float = chosen.left / (2 * settings.JOBS_WORKERS)
    if chosen.item_s is None:
        # Those done one by one are given back if they take long.
        return 1 if job_type.run_chunk else max(1, min(int(share / 4), CHUNK_FIRST))
    fitting = min(CHUNK_TIME.total_seconds() / chosen.item_s, CHUNK_MAX)
    return max(1, round(min(fitting, max(share, CHUNK_LEAST_S / chosen.item_s))))


def _batches(items: Iterator[Any]) -> Iterator[list[Any]]:
    size = EXPAND_FIRST
    while batch := list(islice(items, size)):
        yield batch
        size = EXPAND_BATCH
