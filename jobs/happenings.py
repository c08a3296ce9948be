"""Tell what happened to a job in sentences, from its event rows."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs import states
from jobs.models import JobEvent
from jobs.rows import name_of

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
    "expire": gettext_lazy("A worker was given up for dead; its items are done again"),
    "refuse": gettext_lazy("A report came too late and was refused"),
}
# What people did is worth a look; the rest is routine.
BY_PEOPLE = ("create", "cancel", "retry", "prioritise")


@dataclass(frozen=True, slots=True)
class EventRow:
    """One thing that happened, in words."""

    at: datetime
    sentence: str
    by_people: bool
    reason: str

    @classmethod
    def of(cls, event: JobEvent, *, viewer: str) -> "EventRow":
        """Return the row of an event; a verb without a sentence stands for itself."""
        words = {"who": name_of(event.actor, viewer), "state": _state(event.after)}
        sentence = SENTENCES.get(event.verb)
        if sentence is None:
            plain = event.verb.replace("_", " ").capitalize()
            return cls(event.at, f"{plain} ({words['who']})", by_people=False, reason=event.reason)
        return cls(event.at, sentence % words, event.verb in BY_PEOPLE, event.reason)


def _state(state: str) -> str:
    return _(states.LOOKS[state].label) if state in states.LOOKS else state
