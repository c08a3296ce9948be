"""Take in what a rule found: one line where one is due, no control characters, no secrets."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from alerts.states import Finding
from batchops.texts import one_line, plain, redacted

# As long as their columns; a message as long as people read.
LONGEST = {"key": 200, "occurrence": 80, "batch_code": 40, "subject": 120, "subject_url": 300}
LONGEST_MESSAGE = 2000


def clean(finding: Finding) -> Finding:
    """Return a finding as it may be stored, mailed, logged and exported.

    What rules say comes in part from other systems' messages, so it is not trusted: passwords,
    tokens and addresses in it are masked, and whatever is too long is cut rather than refused,
    because an alert that does not open helps nobody.
    """
    lines: dict[str, Any] = {
        name: clean_line(getattr(finding, name), longest) for name, longest in LONGEST.items()
    }
    evidence = {part: clean_facts(facts) for part, facts in finding.evidence.items()}
    return replace(finding, message=clean_line(finding.message), evidence=evidence, **lines)


def clean_reasons(reasons: Mapping[str, str]) -> dict[str, str]:
    """Return by key, as `clean` makes them, why alerts are over."""
    return {clean_line(key, LONGEST["key"]): clean_line(reason) for key, reason in reasons.items()}


def clean_line(text: str, longest: int = LONGEST_MESSAGE) -> str:
    """Return `text` as one line without secrets and addresses, of at most `longest` characters."""
    # Masked before the cut, or half of a secret would be no secret any more.
    return one_line(redacted(one_line(text, LONGEST_MESSAGE)), longest)


def clean_note(note: str) -> str:
    """Return what a person wrote, with its lines, without what cannot be printed."""
    return plain(note).strip()


def clean_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts with each text in them as `clean` makes it."""
    return {name: _clean_value(value) for name, value in facts.items()}


def _clean_value(value: Any) -> Any:
    return clean_line(value) if isinstance(value, str) else value
