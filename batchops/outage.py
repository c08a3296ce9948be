"""Say that the database is away, or held by somebody for too long, as one error of ours."""

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils.log import log_response
from psycopg import errors as postgresql

from batchops.errors import Unavailable

OUTAGES = (OperationalError, InterfaceError)
# Whoever is told to come back comes back after this long.
RETRY_AFTER_S = 5


def is_held(error: Exception) -> bool:
    """Say whether one of OUTAGES means that somebody else holds what was to be changed."""
    return isinstance(error.__cause__, postgresql.LockNotAvailable | postgresql.DeadlockDetected)


def explain(error: Exception) -> Unavailable:
    """Return the typed error for one of OUTAGES, with a sentence that says what to do."""
    cause = error.__cause__
    if is_held(error):
        return Unavailable(
            "Somebody else is changing the same thing right now. Look what stands there, then "
            "try again in a moment."
        )
    if isinstance(cause, postgresql.QueryCanceled):
        return Unavailable(
            "The database took too long over this, so it was stopped. Try again in a moment, or "
            "ask for less at once."
        )
    return Unavailable(
        "The database does not answer right now. Look what stands there, then try again in a "
        "few seconds; if it stays away, tell whoever runs BatchOps."
    )


def log(error: Exception, *, request: HttpRequest, response: HttpResponse) -> None:
    """Log one line for the answer; Django, which would log another, sees that it was done."""
    reason = " ".join(str(error).split())
    log_response("%s: no database: %s", request.path, reason, response=response, request=request)
