"""Choose the module that sends by a channel."""

from alerts.channels import chat, email, webhook
from alerts.channels.shape import Kind, Sent
from alerts.lifecycle import MailClaim
from alerts.models import Channel
from alerts.states import ChannelKind

KINDS: dict[str, Kind] = {
    ChannelKind.EMAIL: email,
    ChannelKind.WEBHOOK: webhook,
    ChannelKind.CHAT: chat,
}


def send(claim: MailClaim) -> Sent:
    """Send what was claimed by the kind of its channel; a notice to a reader is a mail.

    :raises NotDelivered: when nobody got it; the sentence says why.
    """
    return KINDS[claim.channel.kind if claim.channel else ChannelKind.EMAIL].send(claim)


def send_test(channel: Channel) -> Sent:
    """Send something that only shows that it arrives.

    :raises NotDelivered: when nobody got it; the sentence says why.
    """
    return KINDS[channel.kind].send_test(channel)
