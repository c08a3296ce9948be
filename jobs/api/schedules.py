"""List schedules, switch them, and start their jobs."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from batchops.access import actor_of
from batchops.openapi import refusals
from batchops.shapes import enveloped
from jobs import lifecycle, queries, scheduling
from jobs.api.views import JobView
from jobs.bodies import JobBody, job_body
from jobs.errors import AlreadyRunning, ScheduleNotFound, UnknownType
from jobs.schedule_rows import (
    ScheduleBody,
    SchedulesBody,
    schedule_body,
    schedule_row,
    schedule_rows,
)


class Schedules(JobView):
    required_permissions = {"GET": "jobs.view_schedule"}

    @extend_schema(responses={200: enveloped(SchedulesBody)})
    def get(self, request: Request) -> Response:
        """List the schedules with their next times and what became of the last ones."""
        data: SchedulesBody = {"schedules": [schedule_body(row) for row in schedule_rows()]}
        return Response({"success": True, "data": data})


class RunSchedule(JobView):
    required_permissions = {"POST": "jobs.start_job"}

    @extend_schema(
        request=None,
        responses={
            201: enveloped(JobBody),
            **refusals(ScheduleNotFound, UnknownType, AlreadyRunning),
        },
    )
    def post(self, request: Request, schedule_id: str) -> Response:
        """Start a schedule's job at once; its own times stay as they are."""
        job = scheduling.run_now(int(schedule_id), actor=actor_of(request))
        return Response({"success": True, "data": job_body(queries.find_job(job.pk))}, status=201)


class EnableSchedule(JobView):
    required_permissions = {"POST": "jobs.change_schedule"}

    @extend_schema(
        request=None, responses={200: enveloped(ScheduleBody), **refusals(ScheduleNotFound)}
    )
    def post(self, request: Request, schedule_id: str) -> Response:
        """Switch a schedule on, from its next due time on."""
        schedule = scheduling.enable(int(schedule_id), actor=actor_of(request))
        return Response({"success": True, "data": schedule_body(schedule_row(schedule.pk))})


class DisableSchedule(JobView):
    required_permissions = {"POST": "jobs.change_schedule"}

    @extend_schema(
        request=None, responses={200: enveloped(ScheduleBody), **refusals(ScheduleNotFound)}
    )
    def post(self, request: Request, schedule_id: str) -> Response:
        """Switch a schedule off."""
        schedule = lifecycle.disable_schedule(int(schedule_id), actor=actor_of(request))
        return Response({"success": True, "data": schedule_body(schedule_row(schedule.pk))})
