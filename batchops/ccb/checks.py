"""Judge a CC&B on the first day: what we may read, what it writes, which clock it goes by."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from batchops.ccb.rows import Line
from batchops.ccb.source import Source

Mark = Literal["ok", "look", "missing", "failed"]
Rows = Sequence[Sequence[Any]]

RUN_STATUSES = {"10", "20", "30", "40"}
SUBMISSION_STATUSES = {"PD", "ST", "ED", "PC", "CA"}
NEAR = ("BILL", "CM")
CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found about one subject.

    "missing" names the GRANT that would help, "failed" what else kept us from finding out.
    """

    mark: Mark
    subject: str
    text: str

    def __str__(self) -> str:
        return f"{self.mark:<8}{self.subject}: {self.text}"


@dataclass(frozen=True, slots=True)
class Site:
    """What the verdicts compare with.

    Our clock, the site's zone, whether the source's clock may be another, the steps' batch
    codes, the one table privilege that an account which only reads should hold, and the codes
    by which bill stop reads: a kind as its check statement names it, and the code.
    """

    at: datetime
    zone: ZoneInfo
    simulated: bool
    codes: Sequence[str]
    allowed: Literal["READ", "SELECT"]
    bill_stop: Sequence[tuple[str, str]] = ()


Judge = Callable[[Rows, Site], Verdict]


def statements_for(source: Source) -> list[str]:
    """Return the names of the check statements for that kind of source, in their order."""
    return [name.format(dialect=source.dialect) for name in JUDGES]


def judge(lines: Sequence[Line], source: Source, site: Site) -> list[Verdict]:
    """Return a verdict for each check from the reader's answer lines."""
    answers: dict[str, list[Sequence[Any]]] = {name: [] for name in statements_for(source)}
    refused: dict[str, Line] = {}
    for line in lines:
        if line[0] == "refused":
            refused[line[1]] = line
        else:
            answers[line[0]].append(line[1:])
    verdicts = []
    for pattern, judgement in JUDGES.items():
        name = pattern.format(dialect=source.dialect)
        if name in refused:
            verdicts.append(_refusal(pattern, refused[name]))
        else:
            verdicts.append(judgement(answers[name], site))
    return verdicts


def _refusal(pattern: str, line: Line) -> Verdict:
    _, _, code, sentence = line
    subject = pattern.removeprefix("check_").removesuffix("_{dialect}").replace("_", " ")
    return Verdict("missing" if code == "ccb_grant_missing" else "failed", subject, sentence)


def _version(rows: Rows, site: Site) -> Verdict:
    del site
    version = str(rows[0][0]) if rows else "unknown"
    return Verdict("ok" if rows else "look", "server", f"release {version}")


def _zone(rows: Rows, site: Site) -> Verdict:
    database, session, clock = rows[0]
    there = datetime.fromisoformat(clock).replace(tzinfo=site.zone)
    apart = abs(there - site.at)
    said = f"database zone {database}, session zone {session}, its clock {clock}"
    if site.simulated or apart <= CLOCK_TOLERANCE:
        return Verdict("ok", "clock", said)
    return Verdict(
        "look",
        "clock",
        f"{said}; that is {apart} from ours in {site.zone.key}: check SITE_TIME_ZONE and the "
        "server's clock",
    )


def _privileges(rows: Rows, site: Site) -> Verdict:
    del site
    beyond = sorted({str(row[0]) for row in rows} - {"CREATE SESSION"})
    if not beyond:
        return Verdict("ok", "read-only: privileges", "none beyond logging in")
    return Verdict(
        "look", "read-only: privileges", f"the account also holds {', '.join(beyond)}; revoke them"
    )


def _grants(rows: Rows, site: Site) -> Verdict:
    wide = [f"{privilege} on {table}" for table, privilege in rows if privilege != site.allowed]
    if wide:
        return Verdict(
            "look",
            "read-only: grants",
            f"more than {site.allowed} is granted: {', '.join(wide[:8])}; revoke it and grant "
            f"{site.allowed} (on Oracle SELECT also allows FOR UPDATE and LOCK TABLE)",
        )
    tables = len({table for table, _ in rows})
    return Verdict("ok", "read-only: grants", f"{site.allowed} on {tables} tables, nothing else")


def _values(subject: str, known: set[str]) -> Judge:
    def judge_values(rows: Rows, site: Site) -> Verdict:
        del site
        found = {str(value): count for value, count in rows}
        said = ", ".join(f"{value or 'blank'} {count} times" for value, count in found.items())
        unknown = sorted(set(found) - known)
        if unknown:
            return Verdict("look", subject, f"values we do not know: {unknown}; found {said}")
        return Verdict("ok" if found else "look", subject, said or "no rows yet")

    return judge_values


def _labels(rows: Rows, site: Site) -> Verdict:
    del site
    said = "; ".join(f"{field} {value} {text}" for field, value, text in rows)
    return Verdict(
        "ok" if rows else "look", "labels", said or "none in CCB_LANGUAGE; set it to the site's"
    )


def _controls(rows: Rows, site: Site) -> Verdict:
    found = {str(code): text for code, text, *_ in rows}
    absent = [code for code in site.codes if code not in found]
    # Among these is the real code of a step whose own is not defined.
    near = [f"{c} {text or ''}".rstrip() for c, text in found.items() if c.startswith(NEAR)]
    listed = f"codes with BILL or CM: {', '.join(near) or 'none'}"
    if absent:
        return Verdict(
            "look",
            "batch codes",
            f"not defined at this site: {', '.join(absent)}; correct the steps' source codes; "
            f"{listed}",
        )
    said = f"{len(found)} defined, all {len(site.codes)} of the workflow's among them; {listed}"
    return Verdict("ok", "batch codes", said)


def _newest_start(rows: Rows, site: Site) -> Verdict:
    newest = rows[0][0] if rows else None
    if newest is None:
        return Verdict("look", "newest run", "CI_BATCH_RUN holds no run")
    started_at = datetime.fromisoformat(newest).replace(tzinfo=site.zone)
    if started_at > site.at + CLOCK_TOLERANCE and not site.simulated:
        return Verdict(
            "look", "newest run", f"started {newest}, in our future: check SITE_TIME_ZONE"
        )
    return Verdict("ok", "newest run", f"started {newest}")


def _heartbeat(rows: Rows, site: Site) -> Verdict:
    del site
    instances, moved = rows[0] if rows else (0, 0)
    said = f"VERSION moved in {moved or 0} of {instances} thread executions"
    return Verdict("ok" if moved else "look", "heartbeat", said)


def _imd(rows: Rows, site: Site) -> Verdict:
    del site
    said = ", ".join(f"{status} {count}" for status, count in rows)
    return Verdict("ok", "measurements", said or "none are waiting")


def _bill_stop(rows: Rows, site: Site) -> Verdict:
    found = {(str(kind), str(code)) for kind, code in rows}
    absent = [(kind, code) for kind, code in site.bill_stop if (kind, code) not in found]
    said = ", ".join(f"{kind} {code}" for kind, code in sorted(found)) or "none"
    if absent:
        missing = ", ".join(f"{kind} {code}" for kind, code in absent)
        return Verdict(
            "look",
            "bill stop",
            f"in a hundredth of the rows not one of {missing}; correct BILL_STOP_* in the "
            f"settings, or leave it if these are few; found: {said}",
        )
    return Verdict("ok", "bill stop", f"readable; codes in use: {said}")


def _messages(rows: Rows, site: Site) -> Verdict:
    del rows, site
    return Verdict("ok", "message log", "readable")


JUDGES: Mapping[str, Judge] = {
    "check_version_{dialect}": _version,
    "check_privileges_{dialect}": _privileges,
    "check_grants_{dialect}": _grants,
    "check_zone_{dialect}": _zone,
    "check_run_status": _values("RUN_STATUS", RUN_STATUSES),
    "check_thread_status": _values("THREAD_STATUS", RUN_STATUSES),
    "check_submission_status": _values("BATCH_JOB_STAT_FLG", SUBMISSION_STATUSES),
    "check_newest_start": _newest_start,
    "check_heartbeat": _heartbeat,
    "check_messages": _messages,
    "check_imd": _imd,
    "check_controls": _controls,
    "check_labels": _labels,
    "check_bill_stop": _bill_stop,
}
