"""Keep one caller's requests from slowing down everybody else's.

Each web process counts for itself, in memory: this is a guard against a program that runs away,
not a quota, and it must cost less than what it spares.
"""

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import AnonRateThrottle, UserRateThrottle

from batchops import tallies

if TYPE_CHECKING:
    # That module reads the settings, which name classes that need this one: a circle.
    from rest_framework.views import APIView


class StatusThrottle(UserRateThrottle):
    """Let old consoles ask for a status every two seconds, apart from what else they ask.

    How often each of these routes is asked is told by the metrics.
    """

    scope = "status"

    def allow_request(self, request: Request, view: "APIView") -> bool:
        match = request.resolver_match
        tallies.note("status_requests", (match and match.view_name) or "")
        return super().allow_request(request, view)


class StrangerThrottle(AnonRateThrottle):
    """Count who calls without a login, by address; a view never sees such a request."""

    scope = "stranger"


def stranger_waits_s(request: Request, view: "APIView") -> float | None:
    """Count a refused stranger; return the seconds to wait for one over the limit, else None."""
    throttle = StrangerThrottle()
    return None if throttle.allow_request(request, view) else throttle.wait()
