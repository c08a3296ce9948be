"""List the rules on CC&B and the thresholds that people may set for them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Threshold:
    """One number that a rule judges by; its name ends in its unit.

    `default` None: without a number another setting holds, which `help_text` names.
    """

    name: str
    label: str
    unit: str
    help_text: str
    default: int | None
    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class RuleKind:
    """One rule that can be switched and tuned: its code and its thresholds.

    `step_fields` are the fields of a step that it judges by beside.
    """

    code: str
    thresholds: tuple[Threshold, ...] = ()
    step_fields: tuple[str, ...] = ()

    @property
    def defaults(self) -> dict[str, int]:
        """The thresholds that have a number of their own."""
        return {each.name: each.default for each in self.thresholds if each.default is not None}


def _enough(default: int) -> Threshold:
    return Threshold(
        "enough_runs",
        "Enough comparable runs",
        "runs",
        "With fewer the rule does not ask what is usual.",
        default,
        2,
        1000,
    )


def _share(help_text: str) -> Threshold:
    return Threshold("usual_pct", "Share of what is usual", "%", help_text, 50, 1, 100)


KINDS: Mapping[str, RuleKind] = MappingProxyType(
    {
        kind.code: kind
        for kind in (
            RuleKind("FAILED"),
            RuleKind(
                "STUCK",
                (
                    Threshold(
                        "stuck_minutes",
                        "Without progress for",
                        "minutes",
                        "Empty: as the monitoring settings say.",
                        None,
                        1,
                        1440,
                    ),
                ),
            ),
            RuleKind("LONG_RUNNING", (_enough(10),), ("max_minutes",)),
            RuleKind("NOT_STARTED", step_fields=("grace_minutes",)),
            RuleKind(
                "LOW_THROUGHPUT",
                (
                    _share("Fewer records a second than this share of the usual median are low."),
                    Threshold(
                        "polls", "Polls in a row", "polls", "So often it must be low.", 2, 1, 20
                    ),
                    _enough(20),
                ),
                ("rps_floor",),
            ),
            RuleKind(
                "LOW_RECORDS",
                (_share("Fewer records than this share of the P10 are low."), _enough(20)),
            ),
            RuleKind(
                "TOO_FAST",
                (_share("A duration under this share of the P10 is too short."), _enough(20)),
            ),
            RuleKind(
                "COMPLETED_WITH_ERRORS",
                (
                    Threshold(
                        "errors",
                        "Records in error, more than",
                        "records",
                        "0: any record in error opens an alert.",
                        100,
                        0,
                        1_000_000_000,
                    ),
                ),
            ),
            RuleKind(
                "PENDING_TOO_LONG",
                (
                    Threshold(
                        "pending_minutes",
                        "Pending for more than",
                        "minutes",
                        "Of runs, and of submissions once their time has come.",
                        30,
                        1,
                        1440,
                    ),
                ),
            ),
            RuleKind(
                "JOB_ORPHAN",
                (
                    Threshold(
                        "polls", "Polls in a row", "polls", "So often it must be seen.", 2, 1, 20
                    ),
                ),
            ),
            RuleKind("OUT_OF_ORDER"),
            RuleKind(
                "IMD_NOT_DRAINING",
                (
                    Threshold(
                        "polls",
                        "Polls in a row",
                        "polls",
                        "So often the count must not have fallen since the poll before.",
                        3,
                        1,
                        20,
                    ),
                ),
            ),
            RuleKind(
                "DEADLINE_AT_RISK",
                (
                    Threshold(
                        "risk_pct",
                        "Chance of missing the deadline, over",
                        "%",
                        "With such a chance it opens.",
                        35,
                        1,
                        99,
                    ),
                    Threshold(
                        "critical_pct",
                        "Critical, over",
                        "%",
                        "With such a chance it is critical.",
                        80,
                        1,
                        100,
                    ),
                    Threshold(
                        "clear_pct",
                        "Over again, under",
                        "%",
                        "With a smaller chance it is over.",
                        25,
                        0,
                        99,
                    ),
                    Threshold(
                        "polls",
                        "Forecasts in a row",
                        "forecasts",
                        "So often the chance must be so great.",
                        2,
                        1,
                        20,
                    ),
                ),
            ),
            RuleKind("UNKNOWN_STATUS"),
        )
    }
)
JUDGED = tuple(KINDS)


@dataclass(frozen=True, slots=True)
class Terms:
    """How one rule is to judge one step: at all, only on record, and by which thresholds."""

    enabled: bool = True
    record_only: bool = False
    thresholds: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setting:
    """What people set for a rule: for one step, or for all (`batch_code` empty)."""

    rule: str
    batch_code: str = ""
    terms: Terms = field(default_factory=Terms)


class Rulebook:
    """Know the terms of each rule for each step: its own setting, else that for all steps.

    A threshold that the step's own setting leaves out is taken from the setting for all, and what
    that leaves out from the catalogue.
    """

    def __init__(self, settings: Iterable[Setting] = ()) -> None:
        self._settings = {(each.rule, each.batch_code): each.terms for each in settings}

    def terms(self, rule: str, batch_code: str = "") -> Terms:
        """Return the terms of `rule` for the step, or for what belongs to no step."""
        for_all = self._settings.get((rule, ""), Terms())
        own = self._settings.get((rule, batch_code), for_all)
        merged = {**KINDS[rule].defaults, **for_all.thresholds, **own.thresholds}
        return Terms(own.enabled, own.record_only, merged)

    def threshold(self, rule: str, batch_code: str, name: str) -> int:
        """Return a threshold of a rule for a step.

        :raises KeyError: when the rule has no such threshold, or nobody said how much it is.
        """
        return self.terms(rule, batch_code).thresholds[name]
