"""Find deadlines that today's forecasts expect to be missed."""

from typing import Any

from alerts.states import Finding, Severity
from monitoring.rules.facts import OutlookFacts, Picture, RiskFacts
from monitoring.rules.wording import clock

RULE = "DEADLINE_AT_RISK"
WORKFLOW = "workflow"  # the key of the day's own deadline


def deadline_at_risk(picture: Picture) -> list[Finding]:
    """Find deadlines, the day's and those of steps, that are likely to be missed.

    The last forecasts in a row must say so; once found, it stands until the chance is small, or
    what has the deadline is done. Nothing is found of a day without enough history.
    """
    last = picture.outlook[-1] if picture.outlook else OutlookFacts(picture.at)
    return [
        _finding(key, risk, picture) for key, risk in last.risks.items() if _at_risk(key, picture)
    ]


def _at_risk(key: str, picture: Picture) -> bool:
    terms = picture.terms(RULE, _code_of(key)).thresholds
    if (RULE, key) in picture.standing:
        return picture.outlook[-1].risks[key].miss_pct >= terms["clear_pct"]
    last = picture.outlook[-terms["polls"] :]
    risks = [each.risks.get(key) for each in last]
    return len(last) == terms["polls"] and all(
        risk is not None and risk.miss_pct > terms["risk_pct"] for risk in risks
    )


def _code_of(key: str) -> str:
    return "" if key == WORKFLOW else key


def _finding(key: str, risk: RiskFacts, picture: Picture) -> Finding:
    terms = picture.terms(RULE, _code_of(key)).thresholds
    critical = risk.miss_pct > terms["critical_pct"]
    return Finding(
        key=key,
        severity=Severity.CRITICAL if critical else Severity.WARNING,
        message=_message(key, risk, picture),
        evidence=_evidence(risk, picture, terms),
        occurrence=picture.day.isoformat(),
        batch_code=_code_of(key),
        business_date=picture.day,
        subject=_code_of(key) or "Workflow",
        subject_url=picture.outlook[-1].url,
    )


def _message(key: str, risk: RiskFacts, picture: Picture) -> str:
    who = f"Batch {key}" if _code_of(key) else "The day's workflow"
    due, zone = clock(risk.deadline_at, picture.zone), picture.zone
    if picture.at > risk.deadline_at:
        said = f"{who} was to be done by {due} and is not. It is expected"
    else:
        chance = f"{risk.miss_pct:.0f} %"
        said = f"{who} misses its deadline {due} with a chance of {chance}. It is expected"
    return (
        f"{said} at {clock(risk.p50_at, zone)}, between {clock(risk.p10_at, zone)} and "
        f"{clock(risk.p90_at, zone)}. See on the page Forecast which step holds it up."
    )


def _evidence(risk: RiskFacts, picture: Picture, terms: Any) -> dict[str, Any]:
    outlook = picture.outlook[-1]
    return {
        "expected": {
            "done_by_at": risk.deadline_at.isoformat(),
            "chance_at_most_pct": terms["risk_pct"],
        },
        "seen": {
            "read_at": picture.at.isoformat(),
            "chance_of_missing_pct": round(risk.miss_pct, 1),
            "p10_at": risk.p10_at.isoformat(),
            "p50_at": risk.p50_at.isoformat(),
            "p90_at": risk.p90_at.isoformat(),
        },
        "history": {"comparable_days": outlook.days, "of": outlook.compared},
    }
