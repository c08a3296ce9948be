"""Write what findings say: spans and times in words, which run, which history."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from monitoring.rules.facts import RunFacts, Usual
from monitoring.states import LOOKS, STATE_OF_CODE


def lasting(span: timedelta | float) -> str:
    """Write a span as people say it: 4h 23m, 30m, 40s."""
    seconds = int(span.total_seconds() if isinstance(span, timedelta) else span)
    minutes = seconds // 60
    if minutes == 0:
        return f"{max(seconds, 0)}s"
    if minutes < 60:
        return f"{minutes}m"
    return f"{minutes // 60}h {minutes % 60}m"


def clock(at: datetime, zone: ZoneInfo) -> str:
    """Write a moment on the site's wall clock."""
    return at.astimezone(zone).strftime("%H:%M")


def status(code: str) -> str:
    """Write a status in words, with CC&B's code for it."""
    state = STATE_OF_CODE.get(code)
    return f"{LOOKS[state].label} ({code})" if state else code


def of_run(run: RunFacts) -> dict[str, Any]:
    """Return the fields of a finding that say which run it is on."""
    return {
        "key": run.key,
        "batch_code": run.batch_code,
        "business_date": run.business_date,
        "subject": run.key,
        "subject_url": run.url,
    }


def of_step(run: RunFacts) -> dict[str, Any]:
    """Return the fields of a finding on a step, whose last word is this run."""
    return {**of_run(run), "key": run.batch_code, "occurrence": run.key}


def history(usual: Usual, n: int, enough: int, **quantiles: Any) -> Mapping[str, Any]:
    """Return which runs say what is usual, with the quantiles that were asked of them."""
    if n < enough:
        return {"usual": f"not enough history ({n} of {enough} runs)"}
    return {
        "comparable_runs": n,
        "of": usual.days,
        "from": usual.first_date and usual.first_date.isoformat(),
        "to": usual.last_date and usual.last_date.isoformat(),
        **quantiles,
    }
