"""Hand out lists of alerts as files."""

from django.utils.translation import gettext as _

from alerts import evidence
from alerts.models import Alert, AlertQuerySet
from batchops.exports import Column, Export


def alerts_export(found: AlertQuerySet) -> Export:
    """Describe the file of these alerts, in their order."""
    return Export.of(found, name="alerts", columns=columns())


def columns() -> list[Column]:
    """Return the columns of the file: what the list shows, and what the page of one adds."""
    return [
        Column(_("Id"), lambda alert: alert.pk),
        Column(_("Severity"), lambda alert: alert.severity),
        Column(_("Type"), lambda alert: alert.rule),
        Column(_("Message"), lambda alert: alert.message),
        Column(_("Batch"), lambda alert: alert.batch_code),
        Column(_("About"), lambda alert: alert.subject),
        Column(_("Business day"), lambda alert: str(alert.business_date or "")),
        Column(_("State"), lambda alert: alert.state),
        Column(_("Opened"), lambda alert: alert.opened_at),
        Column(_("Acknowledged"), lambda alert: alert.acknowledged_at),
        Column(_("Who has it"), lambda alert: alert.holder),
        Column(_("Until"), lambda alert: alert.acknowledged_until),
        Column(_("Note"), lambda alert: alert.acknowledged_note),
        Column(_("Resolved"), lambda alert: alert.resolved_at),
        Column(_("Resolved by hand"), lambda alert: alert.resolved_by_hand),
        Column(_("Mailed"), lambda alert: alert.email_sent),
        Column(_("Recorded only"), lambda alert: alert.record_only),
        Column(_("Before it"), lambda alert: alert.previous_id),
        Column(_("Evidence"), _evidence),
    ]


def _evidence(alert: Alert) -> str:
    return "; ".join(
        f"{part.heading}: {', '.join(f'{fact.name} {fact.words}' for fact in part.facts)}"
        for part in evidence.parts(alert.evidence)
    )
