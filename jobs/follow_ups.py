"""Start the job that follows on a finished one ("Enrich All")."""

from dataclasses import replace

from jobs import lifecycle, registry
from jobs.errors import NoFollowUp
from jobs.models import Job
from jobs.registry import FollowUp
from jobs.start import Order, checked, start_checked

TITLE_LENGTH = 200


def start_follow_up(parent: Job, action: str, *, actor: str) -> Job:
    """Start the follow-up `action` over a finished job; one of a kind at a time.

    It has the parent's campaign and priority, and the parent's id in its params (`parentId`).

    :raises NoFollowUp: when the parent's type has none of that name.
    :raises MoveRefused: when the parent has not completed.
    :raises ItemsRemoved: when retention removed the parent's items.
    :raises AlreadyRunning: when it runs already; names the job.
    :raises Unavailable: when no jobs cluster is alive.
    """
    follow_up = find_follow_up(parent, action)
    lifecycle.require_done(parent)
    order = Order(
        type=follow_up.type,
        title=f"{follow_up.label}: {parent.title}"[:TITLE_LENGTH],
        params={"parentId": parent.pk},
        priority=parent.priority,
        campaign_id=parent.campaign_id,
    )
    new = checked(order, actor=actor)
    key = new.single_flight_key or f"{action}:{parent.pk}"
    return start_checked(replace(new, single_flight_key=key))


def find_follow_up(parent: Job, action: str) -> FollowUp:
    """Return what follows on jobs of the parent's type by the name `action`.

    :raises NoFollowUp: when nothing does.
    """
    known = registry.follow_ups(parent.type)
    for follow_up in known:
        if follow_up.action == action:
            return follow_up
    names = ", ".join(one.action for one in known) or "none"
    raise NoFollowUp(
        f"Nothing called '{action}' follows on jobs of type '{parent.type}'. Known are: {names}."
    )
