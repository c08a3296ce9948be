"""Forecast today at each good reading, and say to the rules how likely deadlines are missed."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse

from monitoring import lifecycle
from monitoring.comparable import days_in_words
from monitoring.day_records import past_days, record_at, site_read
from monitoring.forecast.facts import DayNow
from monitoring.forecast.history import Basis, basis_for
from monitoring.forecast.outlook import Band, Outlook, StepOutlook, look_ahead
from monitoring.forecast.paths import Supposed
from monitoring.forecast.why import LEAST_S, Span, causes
from monitoring.models import DayKind, Forecast, Poll
from monitoring.rules.deadlines import WORKFLOW
from monitoring.rules.facts import OutlookFacts, PollFacts, RiskFacts

LAST = 50  # forecasts looked at, more than any rule asks for, also when many polls were doubled


def foresee(poll: Poll) -> Forecast | None:
    """Forecast the business day of a good poll and store that; None once the day is done.

    The forecast in which the last step is done is the day's last. The same poll again changes
    nothing.
    """
    day = poll.business_date
    assert day  # of every good poll
    last = last_forecast(day)
    if last is not None and last.finished_at is not None:
        return None
    now, basis, begins_at = _today(poll)
    forecast = _forecast(now, basis, look_ahead(now, basis), begins_at)
    forecast.because = _because(forecast, last, now, begins_at)
    lifecycle.store_forecast(forecast)
    return forecast


def suppose(poll: Poll, what: Supposed | None) -> tuple[Forecast, Forecast]:
    """Return the forecast at a poll as things are, and as they would be; nothing is stored."""
    now, basis, begins_at = _today(poll)
    as_is, as_if = (look_ahead(now, basis, supposed=each) for each in (None, what))
    return (
        _forecast(now, basis, as_is, begins_at),
        _forecast(now, basis, as_if, begins_at),
    )


def last_forecast(day: date) -> Forecast | None:
    """Return the newest forecast of a business day, None before there is one."""
    return Forecast.objects.filter(business_date=day).order_by("-at").first()


def first_forecast(day: date) -> Forecast | None:
    """Return the first forecast of a business day, None when none was stored for it."""
    return Forecast.objects.filter(business_date=day).order_by("at").first()


def outlooks(day: date, polls: Collection[PollFacts]) -> list[OutlookFacts]:
    """Return what the forecasts made at these polls say of deadlines, oldest first."""
    wanted = [poll.at for poll in polls][-LAST:]
    made = Forecast.objects.filter(business_date=day, at__in=wanted).order_by("at")
    return [_facts(forecast) for forecast in made]


def outlooks_of_day(day: date) -> list[OutlookFacts]:
    """Return what all forecasts of a business day say of deadlines, oldest first."""
    return [
        _facts(forecast) for forecast in Forecast.objects.filter(business_date=day).order_by("at")
    ]


def made_at(made: Collection[OutlookFacts], polls: Collection[PollFacts]) -> list[OutlookFacts]:
    """Return those of a day's outlooks that were made at the last of these polls."""
    wanted = {poll.at for poll in [*polls][-LAST:]}
    return [each for each in made if each.at in wanted]


def compared_days(forecast: Forecast) -> str:
    """Return in words which days a forecast was made from: ordinary days, Wednesdays."""
    compared = forecast.compared
    of_weekday = compared["weekday"] is not None
    return days_in_words(DayKind(compared["kind"]), forecast.business_date, of_weekday=of_weekday)


def _today(poll: Poll) -> tuple[DayNow, Basis, datetime]:
    site = site_read()
    record = record_at(poll, site)
    begins_at = site.begins_at(record.day)
    assert poll.source_at  # of every good poll
    now = record.now((poll.source_at - begins_at).total_seconds())
    return now, basis_for(record.day, record.kind, past_days(record.day, site)), begins_at


def _forecast(now: DayNow, basis: Basis, outlook: Outlook, begins_at: datetime) -> Forecast:
    def at(seconds: float) -> datetime:
        return begins_at + timedelta(seconds=round(seconds))

    band, finished_s = outlook.band, outlook.finished_s
    deadlines = {plan.code: plan.deadline_s for plan in now.plans}
    return Forecast(
        business_date=now.day,
        at=begins_at + timedelta(seconds=now.at_s),
        deadline_at=at(now.deadline_s),
        days=basis.found,
        compared=_compared(basis),
        p10_at=at(band.p10_s) if band else None,
        p50_at=at(band.p50_s) if band else None,
        p90_at=at(band.p90_s) if band else None,
        miss_pct=band.miss_pct if band else None,
        finished_at=None if finished_s is None else at(finished_s),
        steps=[_step(step, deadlines[step.code], begins_at) for step in outlook.steps],
    )


def _compared(basis: Basis) -> dict[str, Any]:
    days = [past.day for past in basis.days]
    return {
        "kind": str(basis.kind),
        "weekday": basis.weekday,
        "from": min(days).isoformat() if days else None,
        "to": max(days).isoformat() if days else None,
    }


def _step(step: StepOutlook, deadline_s: float | None, begins_at: datetime) -> dict[str, Any]:
    def at(seconds: float) -> str:
        return (begins_at + timedelta(seconds=round(seconds))).isoformat()

    band: Band = step.band
    return {
        "code": step.code,
        "state": step.state,
        "start_at": at(step.start_s),
        "p10_at": at(band.p10_s),
        "p50_at": at(band.p50_s),
        "p90_at": at(band.p90_s),
        "deadline_at": None if deadline_s is None else at(deadline_s),
        "miss_pct": band.miss_pct,
        "basis": step.by,
        "days": step.days,
    }


def _because(
    forecast: Forecast, last: Forecast | None, now: DayNow, begins_at: datetime
) -> list[dict[str, Any]]:
    if last is None or last.p50_at is None or forecast.p50_at is None:
        return []
    later_s = (forecast.p50_at - last.p50_at).total_seconds()
    if abs(later_s) < LEAST_S:
        return []
    before, after = (_spans(each, begins_at) for each in (last, forecast))
    return [asdict(cause) for cause in causes(now.plans, before, after, later_s=later_s)]


def _spans(forecast: Forecast, begins_at: datetime) -> dict[str, Span]:
    def seconds(at: str) -> float:
        return (datetime.fromisoformat(at) - begins_at).total_seconds()

    return {
        step["code"]: Span(seconds(step["start_at"]), seconds(step["p50_at"]))
        for step in forecast.steps
    }


def _facts(forecast: Forecast) -> OutlookFacts:
    return OutlookFacts(
        at=forecast.at,
        risks=_risks(forecast),
        days=forecast.days,
        compared=compared_days(forecast),
        url=reverse("admin:forecast"),
    )


def _risks(forecast: Forecast) -> dict[str, RiskFacts]:
    found: dict[str, RiskFacts] = {}
    p10_at, p50_at, p90_at = forecast.p10_at, forecast.p50_at, forecast.p90_at
    chance = None if forecast.finished_at else forecast.miss_pct
    if p10_at and p50_at and p90_at and chance is not None:
        found[WORKFLOW] = RiskFacts(forecast.deadline_at, p10_at, p50_at, p90_at, chance)
    for step in forecast.steps:
        if step["deadline_at"] and step["state"] != "done":
            found[step["code"]] = _risk(step)
    return found


def _risk(step: Mapping[str, Any]) -> RiskFacts:
    names = ("deadline_at", "p10_at", "p50_at", "p90_at")
    deadline_at, p10_at, p50_at, p90_at = (datetime.fromisoformat(step[name]) for name in names)
    return RiskFacts(deadline_at, p10_at, p50_at, p90_at, step["miss_pct"])
