"""Say what every kind of channel gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from alerts.lifecycle import MailClaim
from alerts.models import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Who took a message, and what was said to the others; nothing secret is in it."""

    sentence: str
    took: tuple[str, ...]
    refused: Mapping[str, str] = field(default_factory=dict)
    put_off: Mapping[str, str] = field(default_factory=dict)


class Kind(Protocol):
    """What a kind of channel can do; both raise NotDelivered when nobody got it."""

    def send(self, claim: MailClaim) -> Sent: ...

    def send_test(self, channel: Channel) -> Sent: ...
