"""Hold what every route of jobs shares: permission and address."""

from rest_framework.request import Request
from rest_framework.views import APIView

from batchops.live import patience
from jobs.serializers import NAME_IN_PATH

VIEW = "jobs.view_job"
SCHEDULED = r"(?P<schedule_id>[0-9]{1,18})"
NAMED = rf"(?P<name>{NAME_IN_PATH})"
CLAIM = r"(?P<token>[A-Za-z0-9-]{1,64})"
ACTION = r"(?P<action>[a-z0-9_-]{1,40})"


class JobView(APIView):
    """Base of the routes of jobs."""

    required_permissions = {"GET": VIEW}


class PatientView(JobView):
    """Base of routes that wait: being asked again while one request is held costs nothing."""

    def check_throttles(self, request: Request) -> None:
        if patience.asked(request) == 1:
            super().check_throttles(request)
