"""Do what operators and programs do to a site, over HTTP, by chance that can be repeated."""

from __future__ import annotations

import http.client
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.chaos.watchers import Watcher
from tests.faults.site import Site

PAGES = ("/api/batch-jobs?stats=true", "/api/alerts?state=active", "/api/schedules")
KINDS = ("drill", "drill", "drill", "flaky", "alone", "together", "poison", "long")
PATIENCE_S = 3
WANTING = ("failed", "completed_with_errors", "cancelled")
Answer = tuple[int, dict[str, Any]]


class Life:
    """One seeded crowd: what it asked for, and what it was answered."""

    def __init__(self, site: Site, watchers: list[Watcher]) -> None:
        self.site = site
        self.watchers = watchers
        self.answers: Counter[str] = Counter()
        self.wrong: list[str] = []
        # By the key under which it was asked for; empty while nobody answered.
        self.jobs: dict[str, str] = {}
        self._orders: dict[str, dict[str, Any]] = {}

    def start(self, chance: random.Random) -> None:
        """Start a job under a key of its own, and ask again for those that nobody answered."""
        key = f"chaos-{chance.randrange(2**48):x}"
        self.jobs[key], self._orders[key] = "", {"title": key, **order(chance)}
        self.ask_again()

    def ask_again(self) -> bool:
        """Ask for each job once more whose start was not answered; tell whether all are now."""
        for key in [key for key, job in self.jobs.items() if not job]:
            code, answer = self._ask(
                "POST", "/api/batch-jobs", self._orders[key], **{"Idempotency-Key": key}
            )
            if code == 201:
                self.jobs[key] = answer["data"]["id"]
                for watcher in self.watchers:
                    watcher.follow(self.jobs[key])
            elif code == 409:  # another of a type that runs alone
                del self.jobs[key]
            elif code not in (0, 429, 503):
                self.wrong.append(f"start was answered {code}: {answer}")
                del self.jobs[key]
        return all(self.jobs.values())

    def cancel(self, chance: random.Random) -> None:
        if known := sorted(job for job in self.jobs.values() if job):
            self._ask("POST", f"/api/batch-jobs/{chance.choice(known)}/cancel")

    def retry(self, chance: random.Random) -> None:
        """Retry a job that did not do all it should, as the list of jobs shows it."""
        how = chance.choice(["retry", "retry?include=cancelled"])
        _, answer = self._ask("GET", "/api/batch-jobs?limit=50")
        listed = answer.get("data", {}).get("jobs", [])
        if wanting := sorted(job["id"] for job in listed if job["outcome"] in WANTING):
            self._ask("POST", f"/api/batch-jobs/{chance.choice(wanting)}/{how}")

    def acknowledge(self, chance: random.Random) -> None:
        self._answer_alert(chance, "acknowledge", {"note": "I look at it."})

    def resolve(self, chance: random.Random) -> None:
        self._answer_alert(chance, "resolve", {"note": "It was the night of the tests."})

    def comment(self, chance: random.Random) -> None:
        self._answer_alert(chance, "comment", {"note": "It has been seen before."})

    def look(self, chance: random.Random) -> None:
        self._ask("GET", chance.choice(PAGES))

    def _answer_alert(self, chance: random.Random, move: str, body: dict[str, Any]) -> None:
        _, answer = self._ask("GET", "/api/alerts?state=active&limit=50")
        if alerts := answer.get("data", {}).get("alerts"):
            alert = chance.choice(sorted(each["id"] for each in alerts))
            self._ask("POST", f"/api/alerts/{alert}/{move}", body)

    def _ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Ask as people do, who press again for a while when nothing comes; 0: no answer came."""
        ends_at = time.monotonic() + PATIENCE_S
        code, answer = self._ask_once(method, path, body, headers)
        while code in (0, 503) and time.monotonic() < ends_at:
            time.sleep(0.2)
            code, answer = self._ask_once(method, path, body, headers)
        if code >= 500 and code not in (503, 507):
            self.wrong.append(f"{method} {path} was answered {code}: {answer}")
        return code, answer

    def _ask_once(self, method: str, path: str, body: object, headers: dict[str, str]) -> Answer:
        try:
            code, answer = self.site.request(method, path, body, **headers)
        except (OSError, http.client.HTTPException, ValueError):
            code, answer = 0, {}
        self.answers[f"{code or 'no answer'}"] += 1
        return code, answer


LIVES: dict[str, Callable[[Life, random.Random], None]] = {
    "start": Life.start,
    "cancel": Life.cancel,
    "retry": Life.retry,
    "acknowledge": Life.acknowledge,
    "resolve": Life.resolve,
    "comment": Life.comment,
    "look": Life.look,
}


def order(chance: random.Random) -> dict[str, Any]:
    """Return the body of a request that starts some job, of a type of ours or the harness'."""
    kind = chance.choice(KINDS)
    if kind == "poison":
        return {"type": kind, "params": {"items": 3, "at": chance.randrange(3), "ms": 2}}
    if kind == "long":
        return {"type": "drill", "params": {"ms": 0}, "items": [{}, {"ms": 4_000}, {}]}
    if kind != "drill":
        return {"type": kind, "params": {"items": chance.randrange(1, 200), "ms": 2}}
    size = chance.choice([1, 3, 50, 500, 2_000])
    params = {
        "items": size,
        "ms": chance.choice([0, 0, 1]),
        "failPercent": chance.choice([0, 0, 10, 100]),
        "recovers": chance.random() < 0.5,
        "zip": chance.random() < 0.2,
    }
    return {"type": kind, "params": params, "priority": chance.randrange(3)}
