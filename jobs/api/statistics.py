"""Tell what the jobs of each day came to."""

from datetime import timedelta

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from batchops.db import database_now
from batchops.shapes import enveloped
from jobs import queries
from jobs.api.views import JobView
from jobs.bodies import StatisticsBody, day_body
from jobs.serializers import StatisticsQuery
from jobs.statistics import site_day


class Statistics(JobView):
    @extend_schema(parameters=[StatisticsQuery], responses={200: enveloped(StatisticsBody)})
    def get(self, request: Request) -> Response:
        """Tell of each business day how many jobs of each type ended how, and how long they took.

        A row without a type stands for all types together.
        """
        query = StatisticsQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        given = query.validated_data
        today = site_day(database_now())
        first = today - timedelta(days=given["days"] - 1)
        days = queries.days_since(first, of=given.get("type") or None)
        data: StatisticsBody = {
            "first": first.isoformat(),
            "last": today.isoformat(),
            "days": [day_body(day) for day in days],
        }
        return Response({"success": True, "data": data})
