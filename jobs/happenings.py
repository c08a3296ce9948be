"""Tell what happened to a job in sentences, from its event rows."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from batchops.access import name_of
from jobs import states
from jobs.models import JobEvent

SENTENCES = {
    "create": gettext_lazy("Created by %(who)s"),
    "start": gettext_lazy("Work began"),
    "expand": gettext_lazy("Its items are known"),
    "cancel": gettext_lazy("Cancel asked for by %(who)s"),
    "give_up": gettext_lazy("Its type gave up"),
    "finish": gettext_lazy("Ended: %(state)s"),
    "retry": gettext_lazy("Failed items are done again, asked for by %(who)s"),
    "prioritise": gettext_lazy("Priority changed by %(who)s"),
    "summarise": gettext_lazy("Its summary was made"),
    "expire": gettext_lazy("A worker stopped answering; %(items)s are done by others"),
    "follow_up": gettext_lazy("A job that follows on it was started by %(who)s"),
    "fail_summary": gettext_lazy("Its summary could not be made; it is tried again"),
    "make_artifact": gettext_lazy("Its ZIP was made"),
    "retry_artifact": gettext_lazy("Its ZIP could not be made; it is tried again"),
    "fail_artifact": gettext_lazy("Its ZIP could not be made and is not tried again"),
    "remake_artifact": gettext_lazy("Its ZIP is to be tried again"),
    "expire_artifact": gettext_lazy("Its ZIP was removed, as old ones are"),
    "remove_items": gettext_lazy("Its items were removed, as old ones are"),
    "refuse": gettext_lazy("A report came too late and was refused"),
}
# What people did is worth a look; the rest is routine.
BY_PEOPLE = ("create", "cancel", "retry", "prioritise", "follow_up")
COUNT = re.compile(r"\b(\d+) items?\b")
LINKED = re.compile(r"(?P<title>.*) \((?P<id>\w{16})\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class EventRow:
    """One thing that happened, in words."""

    at: datetime
    sentence: str
    by_people: bool
    reason: str
    # The job that the reason names.
    job_id: str = ""

    @classmethod
    def of(cls, event: JobEvent, *, viewer: str) -> "EventRow":
        """Return the row of an event; a verb without a sentence stands for itself."""
        reason, job_id = _reason(event)
        words = {
            "who": name_of(event.actor, viewer),
            "state": _state(event.after),
            "items": _items(event.reason),
        }
        sentence = SENTENCES.get(event.verb)
        if sentence is None:
            plain = event.verb.replace("_", " ").capitalize()
            return cls(event.at, f"{plain} ({words['who']})", by_people=False, reason=reason)
        return cls(event.at, sentence % words, event.verb in BY_PEOPLE, reason, job_id)


def _reason(event: JobEvent) -> tuple[str, str]:
    """Return why, and the id of the job that this names."""
    linked = LINKED.fullmatch(event.reason) if event.verb == "follow_up" else None
    if linked:
        return linked["title"], linked["id"]
    if event.verb in ("expand", "expire"):
        return COUNT.sub(lambda found: counted(int(found[1])), event.reason), ""
    return event.reason, ""


def _items(reason: str) -> str:
    found = COUNT.search(reason)
    return counted(int(found[1])) if found else _("its items")


def counted(items: int) -> str:
    """Write a number of items: 1 item, 20,000 items."""
    return ngettext("%(n)s item", "%(n)s items", items) % {"n": f"{items:,}"}


def _state(state: str) -> str:
    return _(states.LOOKS[state].label) if state in states.LOOKS else state
