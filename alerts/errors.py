"""Name the moves on an alert that cannot be made."""

from batchops.errors import Conflict, NotFound


class AlertNotFound(NotFound):
    """Say that no alert has this number."""

    code = "alert_not_found"


class AlertResolved(Conflict):
    """Refuse to touch an alert that is over."""

    code = "alert_resolved"


class NotByHand(Conflict):
    """Refuse to resolve by hand what its rule still watches."""

    code = "not_by_hand"
