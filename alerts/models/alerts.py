"""Store alerts and what happened to them: fields, constraints, indexes, chainable filters."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQueryField, SearchVectorField
from django.db import models
from django.db.models import Case, ExpressionWrapper, F, Func, Q, Value, When

from alerts.states import (
    ACTIVE,
    CAUSE,
    FLAPPING,
    LONGEST_REST,
    RULES,
    SEVERITY_LOOKS,
    STATE_LOOKS,
    Rule,
    Severity,
    State,
)
from batchops.append_only import append_only
from batchops.looks import Look

SEVERITY_RANK = Case(
    *(When(severity=severity, then=Value(rank)) for rank, severity in enumerate(Severity)),
    output_field=models.SmallIntegerField(),
)

# What a search reads, all as plain words: 12545 finds "ORA-12545", and dmru finds CM-DMRU.
SEARCHED = ("message", "batch_code", "key", "rule", "subject", "acknowledged_note")
WORDS = "regexp_replace(%(expressions)s, '[^[:alnum:]]+', ' ', 'g')"
VECTOR = f"to_tsvector('simple'::regconfig, {WORDS})"
# The last word may be only begun; without a word it is null, which finds nothing.
QUERY = f"to_tsquery('simple'::regconfig, replace(nullif(btrim({WORDS}), ''), ' ', ' & ') || ':*')"
LONGEST_SEARCH = 200  # characters; PostgreSQL refuses words of 2,047 bytes


class AlertQuerySet(models.QuerySet["Alert"]):
    def open(self) -> Self:
        return self.filter(state=State.OPEN)

    def active(self) -> Self:
        # In the words of the partial indexes, without which it would read every alert.
        return self.filter(state__in=ACTIVE)

    def overdue(self, at: datetime) -> Self:
        return self.filter(state=State.ACKNOWLEDGED, acknowledged_until__lte=at)

    def matching(self, text: str) -> Self:
        """Return those that hold all words of `text`, of which the last may be only begun.

        A lone number also finds the alert that bears it. Only the first 200 characters count.
        """
        text = text[:LONGEST_SEARCH].strip()
        query = Func(Value(text), template=QUERY, output_field=SearchQueryField())
        holds = Func(
            F("search"), query, template="(%(expressions)s)", arg_joiner=" @@ ",
            output_field=models.BooleanField(),
        )  # fmt: skip
        is_number = text.isdecimal() and len(text) < 19
        return self.filter(Q(holds) | Q(pk=int(text)) if is_number else Q(holds))

    def unanswered(self) -> Self:
        """What is open and told, and nobody has: what is escalated and reminded of."""
        return self.filter(state=State.OPEN, record_only=False, muted_until=None)

    def worst_first(self) -> Self:
        return self.order_by(SEVERITY_RANK, "-opened_at", "-id")


_AlertManager = models.Manager.from_queryset(AlertQuerySet)


class AlertManager(_AlertManager["Alert"]):
    """Read alerts without the words that only a search needs."""

    def get_queryset(self) -> AlertQuerySet:
        return AlertQuerySet(self.model, using=self._db).defer("search")


class Alert(models.Model):
    """One thing that needs a hand; its columns bear the names that older SQL reads."""

    rule = models.CharField(
        "type",
        max_length=40,
        db_column="alert_type",
        choices=[(r.code, r.label) for r in RULES.values()],
    )
    key = models.CharField(max_length=200, db_column="alert_key")
    occurrence = models.CharField(max_length=80, blank=True, default="")
    severity = models.CharField(
        max_length=16,
        db_column="alert_severity",
        choices=[(s.value, look.label) for s, look in SEVERITY_LOOKS.items()],
    )
    message = models.TextField(db_column="alert_message")
    evidence = models.JSONField(default=dict)
    batch_code = models.CharField("batch", max_length=40, blank=True, default="")
    business_date = models.DateField(null=True)
    subject = models.CharField(max_length=120, blank=True, default="")
    subject_url = models.CharField(max_length=300, blank=True, default="")
    state = models.CharField(
        max_length=16,
        default=State.OPEN,
        choices=[(s.value, look.label) for s, look in STATE_LOOKS.items()],
    )
    opened_at = models.DateTimeField("opened", db_column="created_at")
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField("who has it", max_length=255, blank=True, default="")
    acknowledged_until = models.DateTimeField(null=True)
    acknowledged_note = models.TextField(blank=True, default="")
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=255, blank=True, default="")
    resolved_by_hand = models.BooleanField(default=False)
    # Closed by hand while its rule finds it, which then opens nothing until it was gone once.
    is_held = models.BooleanField(db_default=False, default=False)
    email_sent = models.BooleanField(default=False)
    # Its rule is on trial: kept and shown, and nobody is told.
    record_only = models.BooleanField(db_default=False, default=False)
    previous = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="following"
    )
    # Nobody is told of it until then; what is owed meanwhile is withheld, and told at the end.
    muted_until = models.DateTimeField(null=True)
    withheld = models.CharField(max_length=16, blank=True, db_default="", default="")
    # How often its subject had opened lately when it did, itself included.
    openings = models.PositiveIntegerField(db_default=1, default=1)
    damped_until = models.DateTimeField(null=True)
    # The alert of the source that stood when this one opened.
    cause = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="caused", db_index=False
    )
    # Since when it waits for anybody, how far it was escalated and when it was last reminded of.
    unanswered_since = models.DateTimeField(null=True)
    escalated_minutes = models.PositiveIntegerField(db_default=0, default=0)
    reminded_at = models.DateTimeField(null=True)
    # Older SQL asks `WHERE acknowledged = false` for what still waits for somebody.
    acknowledged = models.GeneratedField(
        expression=ExpressionWrapper(~Q(state=State.OPEN), output_field=models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    search = models.GeneratedField(
        expression=Func(*SEARCHED, template=VECTOR, arg_joiner=" || ' ' || "),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = AlertManager()

    class Meta:
        db_table = "batch_monitoring_alerts"
        default_permissions = ("view",)
        permissions = [
            ("acknowledge_alert", "Can acknowledge alerts"),
            ("resolve_alert", "Can resolve alerts by hand"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "key"],
                condition=Q(state__in=ACTIVE),
                name="alert_one_active_per_rule_and_key",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state=State.OPEN, acknowledged_at=None, resolved_at=None)
                    | Q(state=State.ACKNOWLEDGED, acknowledged_at__isnull=False, resolved_at=None)
                    | Q(state=State.RESOLVED, resolved_at__isnull=False)
                ),
                name="alert_state_and_times_agree",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at=None, acknowledged_by="", acknowledged_until=None)
                | (Q(acknowledged_at__isnull=False) & ~Q(acknowledged_by="")),
                name="alert_acknowledged_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(severity__in=list(Severity)), name="alert_severity_known"
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_until__lte=F("acknowledged_at") + Value(LONGEST_REST)),
                name="alert_rests_a_year_at_most",
            ),
        ]
        indexes = [
            # The banner, and the lists of what is open or acknowledged: few rows out of very many.
            models.Index(
                fields=["-opened_at", "-id"],
                condition=Q(state__in=ACTIVE),
                name="alert_active_newest",
            ),
            # Acknowledgements that run out, asked for every few seconds.
            models.Index(
                fields=["acknowledged_until"],
                condition=Q(state=State.ACKNOWLEDGED, acknowledged_until__isnull=False),
                name="alert_acknowledged_until",
            ),
            # The last alert of a rule and key, to which the next one is linked.
            models.Index(fields=["rule", "key", "-id"], name="alert_last_of_key"),
            # The history, newest first: whole, and by each thing the list can be narrowed to. They
            # end in the id, so that counting reads the index alone.
            models.Index(fields=["-opened_at", "-id"], name="alert_newest"),
            models.Index(fields=["batch_code", "-opened_at", "-id"], name="alert_newest_by_batch"),
            models.Index(fields=["rule", "-opened_at", "-id"], name="alert_newest_of_rule"),
            models.Index(fields=["severity", "-opened_at", "-id"], name="alert_newest_of_severity"),
            models.Index(
                fields=["acknowledged_by", "-opened_at", "-id"],
                condition=~Q(acknowledged_by=""),
                name="alert_newest_of_person",
            ),
            models.Index(
                fields=["-opened_at", "-id"],
                condition=Q(resolved_by_hand=True),
                name="alert_newest_by_hand",
            ),
            # What a shift leaves as resolved.
            models.Index(
                fields=["-resolved_at"],
                condition=Q(resolved_at__isnull=False),
                name="alert_newest_end",
            ),
            models.Index(fields=["rule"], condition=Q(is_held=True), name="alert_held"),
            models.Index(fields=["cause"], condition=Q(cause__isnull=False), name="alert_of_cause"),
            models.Index(
                fields=["muted_until"],
                condition=Q(muted_until__isnull=False),
                name="alert_muted",
            ),
            models.Index(fields=["business_date"], name="alert_of_day"),
            GinIndex(fields=["search"], name="alert_search"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.key} ({self.pk})"

    @property
    def severity_look(self) -> Look:
        return SEVERITY_LOOKS[Severity(self.severity)]

    @property
    def state_look(self) -> Look:
        return STATE_LOOKS[State(self.state)]

    @property
    def definition(self) -> Rule:
        return RULES[self.rule]

    @property
    def is_resolved(self) -> bool:
        return self.state == State.RESOLVED

    @property
    def is_flapping(self) -> bool:
        return self.openings >= FLAPPING

    @property
    def root_id(self) -> int | None:
        """The alert of the source that this one is told with, None when it is told alone."""
        return self.pk if self.rule == CAUSE else self.cause_id

    @property
    def holder(self) -> str:
        """Who has it, without the word that says what kind of caller that is."""
        return self.acknowledged_by.partition(":")[2]


class AlertEvent(models.Model):
    """One thing that happened to an alert: who, when, what, why, and what it changed."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    actor = models.CharField(max_length=255)
    verb = models.CharField(max_length=20)
    note = models.TextField(blank=True, default="")
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        triggers = append_only()
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.verb} by {self.actor} ({self.alert_id})"

    @property
    def rests_until(self) -> datetime | None:
        """Until when the alert was let rest by this, None when that was not said."""
        until = self.after.get("acknowledged_until") or self.after.get("muted_until")
        return datetime.fromisoformat(until) if until else None
