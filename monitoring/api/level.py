"""Answer monitors that go by the status alone, as Oracle's own health check does."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from batchops.shapes import enveloped
from monitoring.api.answers import VIEW
from monitoring.bodies import LevelBody
from monitoring.level_of_service import Level, checks


class HealthCheck(APIView):
    """Tell by the status how CC&B's batches do: 200 well, 203 with warnings, 500 with errors.

    The worst check decides: whether CC&B is read, and each rule with alerts that are not over,
    acknowledged or not; those only on record do not count.
    """

    required_permissions = VIEW

    @extend_schema(responses=dict.fromkeys([int(level) for level in Level], enveloped(LevelBody)))
    def get(self, request: Request) -> Response:
        found = checks(timezone.now())
        worst = max(check.level for check in found)
        data: LevelBody = {
            "status": _word(worst),
            "checks": [
                {"check": each.name, "status": _word(each.level), "message": each.message}
                for each in found
            ],
        }
        return Response({"success": True, "data": data}, status=int(worst))


def _word(level: Level) -> str:
    return level.name.lower()
