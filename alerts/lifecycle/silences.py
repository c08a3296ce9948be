"""Keep silences: begin one, end one early; each takes effect at once."""

from datetime import datetime

import pghistory
from django.db import transaction

from alerts.errors import SilenceNotFound, SilenceOver
from alerts.lifecycle.muting import settle_mutes
from alerts.models import Silence


@transaction.atomic
def keep_silence(silence: Silence, *, at: datetime, actor: str) -> None:
    """Keep a silence, new or changed, that a form has checked."""
    silence.made_by = silence.made_by or actor
    with pghistory.context(actor=actor):
        silence.save()
    settle_mutes(at=at, actor=actor)


@transaction.atomic
def end_silence(silence_id: int, *, at: datetime, actor: str) -> None:
    """End a silence at `at`; one that has not begun is taken away.

    :raises SilenceNotFound: when there is no such silence.
    :raises SilenceOver: when it is over already.
    """
    silence = Silence.objects.select_for_update(no_key=True).filter(pk=silence_id).first()
    if silence is None:
        raise SilenceNotFound(f"There is no silence {silence_id}. Look in the list of silences.")
    if silence.until_at <= at:
        raise SilenceOver(f"Silence {silence_id} is over already: there is nothing to end.")
    with pghistory.context(actor=actor):
        if silence.from_at >= at:
            silence.delete()
        else:
            silence.until_at = at
            silence.save(update_fields=["until_at"])
    settle_mutes(at=at, actor=actor)
