"""Keep the alerts that a rule would have had, reading by reading, and weigh them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from alerts.states import Finding, is_over


@dataclass(slots=True)
class Told:
    """An alert that would have been: what was found first, when it opened and when it was over."""

    finding: Finding
    occurrence: str
    opened_at: datetime
    resolved_at: datetime | None = None


@dataclass(slots=True)
class Ledger:
    """The alerts of one rule under one set of terms; nobody resolves any of them by hand."""

    active: dict[str, Told] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)

    def agree(self, findings: Iterable[Finding], *, at: datetime) -> None:
        """Resolve what is not found any more at the reading `at`, and open what is new."""
        found = {finding.key: finding for finding in findings}
        for key, alert in list(self.active.items()):
            if is_over(alert.occurrence, found.get(key)):
                alert.resolved_at = at
                del self.active[key]
            else:
                alert.occurrence = alert.occurrence or found[key].occurrence
        for key, finding in found.items():
            if key not in self.active:
                self.active[key] = Told(finding, finding.occurrence, at)
                self.told.append(self.active[key])


@dataclass(slots=True)
class Pair:
    """The same trouble under the terms held and under those tried; one of them may be missing."""

    held: Told | None = None
    tried: Told | None = None

    @property
    def told(self) -> Told:
        found = self.tried or self.held
        assert found is not None  # a pair is made of at least one
        return found

    @property
    def earlier_s(self) -> float | None:
        """How much earlier the terms tried tell it, negative: later; None unless both do."""
        if self.held is None or self.tried is None:
            return None
        return (self.held.opened_at - self.tried.opened_at).total_seconds()


def pair(held: Sequence[Told], tried: Sequence[Told]) -> list[Pair]:
    """Return the alerts of both terms, those on the same trouble together, oldest first.

    They are on the same trouble when key and occurrence agree and they stood at the same time.
    """
    pairs = [Pair(held=one) for one in held]
    free: dict[str, list[Pair]] = {}
    for made in pairs:
        free.setdefault(made.told.finding.key, []).append(made)
    for one in tried:
        match = next((p for p in free.get(one.finding.key, ()) if _same(p, one)), None)
        if match is None:
            pairs.append(Pair(tried=one))
        else:
            match.tried = one
    return sorted(pairs, key=lambda made: made.told.opened_at)


def _same(made: Pair, one: Told) -> bool:
    other = made.held
    if other is None or made.tried is not None or other.occurrence != one.occurrence:
        return False
    begun_before = other.resolved_at is None or one.opened_at < other.resolved_at
    return begun_before and (one.resolved_at is None or other.opened_at < one.resolved_at)
