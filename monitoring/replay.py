"""Replay a rule with other terms over the past days, by the rules that judge live."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from django.conf import settings

from alerts.states import Finding
from batchops.calendar import moment_in_day
from monitoring import comparable, queries
from monitoring.facts import run_facts, step_facts
from monitoring.models import Forecast, MonitoringConfig, Replay, RuleSetting, Run, Step
from monitoring.past import Past, open_past
from monitoring.rules import judging
from monitoring.rules.catalogue import Rulebook, Setting
from monitoring.rules.facts import Picture, StepFacts, Usual
from monitoring.rules.noise import Outcome, Verdict, Worth, weigh
from monitoring.rules.replayed import Ledger, Pair, Told, pair
from monitoring.states import RunState

DAYS = 90
WARM_UP = 10  # days read before, so that what stood at the beginning is known
LISTED = 500
TELL_EVERY_S = 0.5

Tell = Callable[[int, int], None]


@dataclass(slots=True)
class Trial:
    """One rule under two sets of terms, and the alerts that each would have had."""

    rule: str
    batch_code: str
    held: Rulebook
    tried: Rulebook
    elsewhere: frozenset[str] = frozenset()
    step_tried: Step | None = None
    ledgers: tuple[Ledger, Ledger] = field(default_factory=lambda: (Ledger(), Ledger()))

    def judge(self, picture: Picture, own_step: Mapping[str, StepFacts]) -> None:
        """Let both terms judge a reading, those tried with a step of their own, if there is one."""
        other = replace(picture, steps={**picture.steps, **own_step}) if own_step else picture
        self._judge(picture, self.held, self.ledgers[0])
        self._judge(other, self.tried, self.ledgers[1])

    def own_step(self, day: date, past: Past) -> dict[str, StepFacts]:
        """Return how the step would be on a day by the terms tried; empty where it is as it is."""
        steps = [self.step_tried] if self.step_tried else []
        return step_facts(day, past.config, steps, past.calendar)

    def _judge(self, picture: Picture, book: Rulebook, ledger: Ledger) -> None:
        standing = frozenset((self.rule, key) for key in ledger.active)
        findings = judging.judge_by(self.rule, picture.under(book, standing))
        ledger.agree(filter(self._is_meant, findings), at=picture.at)

    def _is_meant(self, finding: Finding) -> bool:
        code = finding.batch_code
        return code == self.batch_code if self.batch_code else code not in self.elsewhere


def trial_of(tried: Setting, step_tried: Step | None = None) -> Trial:
    """Return a trial of a rule's setting, and of its step, beside what is set now."""
    now = [each.read() for each in RuleSetting.objects.select_related("step")]
    rule, code = tried.rule, tried.batch_code
    others = [each for each in now if (each.rule, each.batch_code) != (rule, code)]
    own = {each.batch_code for each in now if each.rule == rule and each.batch_code}
    return Trial(
        rule=rule,
        batch_code=code,
        held=Rulebook(now),
        tried=Rulebook([*others, tried]),
        elsewhere=frozenset() if code else frozenset(own),
        step_tried=step_tried,
    )


def replay(asked: Replay, *, at: datetime, tell: Tell) -> dict[str, Any]:
    """Return what the terms of `asked` would have told in the last 90 days, as facts for a page.

    Only reads, a day at a time, in no transaction of its own. `tell` is called with the days
    done and all of them, twice a second at most.
    """
    config = queries.monitoring_config()
    last_day = queries.freshness(at).today
    past, trial = open_past(config), trial_of(asked.terms, asked.step_tried)
    days = [last_day - timedelta(days=n) for n in reversed(range(DAYS + WARM_UP))]
    watched = judge_days(trial, past, days, tell=tell)
    first_day = days[WARM_UP]
    held, tried = (ledger.told for ledger in trial.ledgers)
    begins_at = queries.day_bounds(first_day, config)[0]
    shown = [one for one in pair(held, tried) if one.told.opened_at >= begins_at]
    scales = _Scales(trial.rule, past, config, shown)
    rows = [scales.row(one) for one in shown]
    return {
        "first_date": first_day.isoformat(),
        "last_date": last_day.isoformat(),
        "days_watched": len([day for day in watched if day >= first_day]),
        "polls": sum(n for day, n in watched.items() if day >= first_day),
        "held": _sum(rows, "held"),
        "tried": _sum(rows, "tried"),
        "told": len(rows),
        "rows": rows[: -LISTED - 1 : -1],
    }


def judge_days(trial: Trial, past: Past, days: Sequence[date], *, tell: Tell) -> dict[date, int]:
    """Judge all readings of the days; return how many each day had that had any."""
    watched, told_at = {}, time.monotonic()
    for done, (day, pictures) in enumerate(past.pictures(days)):
        if time.monotonic() - told_at > TELL_EVERY_S:
            tell(done, len(days))
            told_at = time.monotonic()
        own_step = trial.own_step(day, past)
        for picture in pictures:
            trial.judge(picture, own_step)
        if pictures:
            watched[day] = len(pictures)
    return watched


class _Scales:
    """Weigh what was told, by what became of it."""

    def __init__(
        self, rule: str, past: Past, config: MonitoringConfig, pairs: Sequence[Pair]
    ) -> None:
        self._rule, self._past, self._config = rule, past, config
        both = [told for one in pairs for told in (one.held, one.tried) if told]
        self._runs = {str(run): run for run in _runs_told(both, past)}
        self._last = _last_runs_of_days(both)
        wanted = {(r.batch_code, r.business_date) for r in (*self._runs.values(), *self._last)}
        self._usual = comparable.usual_runs(wanted, past.calendar)
        self._finished = _finished({told.finding.business_date for told in both})
        self._steps: dict[date, Mapping[str, StepFacts]] = {}
        self._read_at = past.polls[-1].at if past.polls else None

    def row(self, one: Pair) -> dict[str, Any]:
        """Return a pair as a row of the page."""
        finding, verdict = one.told.finding, self._weigh(one.told)
        return {
            "day": finding.business_date and finding.business_date.isoformat(),
            "batch_code": finding.batch_code,
            "subject": finding.subject or finding.key,
            "url": finding.subject_url,
            "message": finding.message,
            "worth": verdict.worth,
            "held": _times(one.held, verdict),
            "tried": _times(one.tried, verdict),
            "earlier_s": one.earlier_s,
        }

    def _weigh(self, told: Told) -> Verdict:
        finding = told.finding
        day = finding.business_date
        if day is None or self._read_at is None:
            return Verdict(Worth.OPEN)
        run = self._run_of(told)
        facts = run_facts(run, run) if run else None
        usual = self._usual.get((run.batch_code, run.business_date)) if run else None
        outcome = Outcome(
            run=facts,
            restarted_at=run.restarted_at if run else None,
            usual=usual or Usual(),
            step=self._steps_of(day).get(finding.batch_code),
            deadline=self._deadline(day),
            read_at=self._read_at,
            finished_at=self._finished.get(day),
            drained=self._past.drained.get(day, ()),
        )
        return weigh(self._rule, told, outcome)

    def _run_of(self, told: Told) -> Run | None:
        finding = told.finding
        return self._runs.get(finding.subject) or next(
            (
                run
                for run in self._last
                if (run.batch_code, run.business_date)
                == (finding.batch_code, finding.business_date)
            ),
            None,
        )

    def _steps_of(self, day: date) -> Mapping[str, StepFacts]:
        if day not in self._steps:
            self._steps[day] = step_facts(day, self._config, self._past.steps, self._past.calendar)
        return self._steps[day]

    def _deadline(self, day: date) -> datetime:
        begins_at, _ = queries.day_bounds(day, self._config)
        return moment_in_day(begins_at, self._config.day_deadline, zone=settings.SITE_ZONE)


def _runs_told(told: Iterable[Told], past: Past) -> Iterable[Run]:
    ids = {past.run_ids.get(one.finding.subject) for one in told}
    return Run.objects.filter(pk__in=[run_id for run_id in ids if run_id])


def _last_runs_of_days(told: Iterable[Told]) -> list[Run]:
    """Return the last run of each step on each day that is told of, without the cancelled."""
    codes = {one.finding.batch_code for one in told}
    days = {one.finding.business_date for one in told if one.finding.business_date}
    runs = Run.objects.filter(batch_code__in=codes, business_date__in=days)
    ran = runs.exclude(state=RunState.CANCELLED)
    newest = ran.order_by("batch_code", "business_date", "-started_at")
    return list(newest.distinct("batch_code", "business_date"))


def _finished(days: Iterable[date | None]) -> dict[date, datetime]:
    """Return when the workflow of each of the days was done, of those whose forecasts saw it."""
    ends = Forecast.objects.filter(business_date__in=list(days), finished_at__isnull=False)
    rows = ends.values_list("business_date", "finished_at")
    return {day: finished_at for day, finished_at in rows if finished_at}


def _times(told: Told | None, verdict: Verdict) -> dict[str, Any] | None:
    if told is None:
        return None
    lead = verdict.harm_at and max((verdict.harm_at - told.opened_at).total_seconds(), 0)
    return {
        "opened_at": told.opened_at.isoformat(),
        "resolved_at": told.resolved_at and told.resolved_at.isoformat(),
        "lead_s": lead,
    }


def _sum(rows: Sequence[Mapping[str, Any]], terms: str) -> dict[str, Any]:
    """Return what one set of terms came to."""
    told = [row for row in rows if row[terms]]
    leads = [row[terms]["lead_s"] for row in told if row[terms]["lead_s"] is not None]
    return {
        "alerts": len(told),
        "days": len({row["day"] for row in told}),
        "noise": sum(row["worth"] == Worth.NOISE for row in told),
        "undecided": sum(row["worth"] == Worth.OPEN for row in told),
        "lead_median_s": round(median(leads)) if leads else None,
    }
