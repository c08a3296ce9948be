"""Name what can go wrong, as one family that every door knows how to answer."""

from collections.abc import Mapping
from typing import Any


class BatchOpsError(Exception):
    """Say what was attempted, on what, and what to do; the base of every typed error.

    `code` is the machine's word for it, `status` the HTTP status of the answer and `extra` what
    helps the caller beside the sentence (it is merged into the JSON body); `extras` names the
    types of what it may hold.
    """

    code = "error"
    status = 500
    extras: Mapping[str, Any] = {}

    def __init__(self, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.message = message
        self.extra: Mapping[str, Any] = extra


class InvalidInput(BatchOpsError):
    """Refuse what was sent; `errors` maps each field to its sentences."""

    code = "invalid_input"
    status = 400

    def __init__(self, message: str, errors: Mapping[str, list[str]] | None = None) -> None:
        super().__init__(message, errors=dict(errors or {}))


class NotAllowed(BatchOpsError):
    """Refuse what the caller's role does not permit."""

    code = "forbidden"
    status = 403


class NotFound(BatchOpsError):
    """Say that the thing asked for does not exist."""

    code = "not_found"
    status = 404


class WrongMethod(BatchOpsError):
    """Refuse to open in a browser's bar what only takes what a form sends."""

    code = "method_not_allowed"
    status = 405


class Conflict(BatchOpsError):
    """Refuse a move that the present state does not permit."""

    code = "conflict"
    status = 409


class Unavailable(BatchOpsError):
    """Say that a part this needs (a worker, CC&B, the database) is not there now."""

    code = "unavailable"
    status = 503
