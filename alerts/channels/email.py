"""Send by mail."""

from django.conf import settings
from django.utils.translation import gettext

from alerts import mail, smtp
from alerts.channels.shape import Sent
from alerts.lifecycle import MailClaim
from alerts.models import Channel
from batchops.db import give_connection_back


def send(claim: MailClaim) -> Sent:
    """Send the mail of a claim to whom has not taken it yet.

    :raises NotDelivered: when nobody took it.
    """
    return _sent(smtp.hand_over(mail.write(claim)))


def send_test(channel: Channel) -> Sent:
    """Send a mail that only shows that mail arrives.

    :raises NotDelivered: when nobody took it.
    """
    message = mail.write_test(channel)
    give_connection_back()
    return _sent(smtp.hand_over(message))


def _sent(handed: smtp.Handed) -> Sent:
    return Sent(
        sentence=_sentence(handed),
        took=handed.took,
        refused=handed.refused,
        put_off=handed.put_off,
    )


def _sentence(handed: smtp.Handed) -> str:
    total = len(handed.took) + len(handed.refused) + len(handed.put_off)
    said = [
        gettext("%(server)s took it for %(n)d of %(total)d addresses.")
        % {"server": settings.EMAIL_HOST, "n": len(handed.took), "total": total}
    ]
    if handed.refused:
        said.append(gettext("Refused for good: %s.") % smtp.words_of(handed.refused))
    if handed.put_off:
        said.append(gettext("Put off, tried again: %s.") % smtp.words_of(handed.put_off))
    return " ".join(said)
