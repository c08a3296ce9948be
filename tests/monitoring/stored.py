"""Store runs and readings as polls would have left them, without a source."""

from datetime import UTC, date, datetime
from typing import Any

from monitoring.models import Poll, Run


def stored_run(
    code: str, number: int, *, began_at: datetime, ended_at: datetime, **values: Any
) -> Run:
    """Store a run that is over: complete and of the day it began on, unless `values` differ."""
    given = {"state": "complete", "business_date": began_at.date(), **values}
    return Run.objects.create(
        batch_code=code,
        source_batch_cd=code[:8],
        batch_nbr=number,
        started_at=began_at,
        ended_at=ended_at,
        created_at=began_at,
        **given,
    )


def stored_reading(clock: datetime, *, day: date) -> Poll:
    """Store a reading made just now, when CC&B's clock said `clock` and nothing was pending."""
    return Poll.objects.create(
        started_at=datetime.now(UTC),
        source_at=clock,
        succeeded=True,
        business_date=day,
        took_s=1,
        pending_imd=0,
        asked_by="system:test",
    )
