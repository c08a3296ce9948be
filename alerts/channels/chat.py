"""Send to chats and telephones through Apprise, by a process that is ended at the deadline."""

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from urllib.parse import parse_qsl

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext

from alerts.channels.brief import Brief, brief
from alerts.channels.payload import absolute
from alerts.channels.shape import Sent
from alerts.errors import NotDelivered
from alerts.lifecycle import MailClaim
from alerts.models import Channel
from alerts.secrets import address_of
from batchops.db import give_connection_back
from batchops.errors import InvalidInput
from batchops.sealing import SecretUnreadable
from batchops.texts import one_line, redacted

DEADLINE_S = 15.0  # its start, at some 0.5 s, included
LONGEST_ADDRESS = 1_000
LONGEST_REASON = 200
# What the process finds of our environment: how to start and to reach the outside, nothing secret.
PASSED_ON = (
    "PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE",
    "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy",
)  # fmt: skip
TEAMS = "workflows"
# Each service, and what may follow the ? of its address: others read files, or weaken TLS.
SERVICES = {
    "slack": ("Slack", {"footer", "image"}),
    "tgram": ("Telegram", {"silent", "preview", "topic"}),
    "twilio": ("Twilio", {"apikey"}),
    "pagerduty": ("PagerDuty", {"region", "source", "component", "group", "class"}),
    TEAMS: ("Teams", {"pa", "route", "ver", "api-version", "wrap", "image", "sig", "id"}),
}
# Where Microsoft takes what is meant for Teams; any other host could be one inside.
TEAMS_HOSTS = (".logic.azure.com", ".api.powerplatform.com")
TEAMS_ADDRESS = re.compile(
    rf"[a-z0-9.-]+({'|'.join(map(re.escape, TEAMS_HOSTS))})(:443)?(/[\w-]+){{2}}/?(\?[^#]*)?",
    re.IGNORECASE,
)


def service_of(address: str) -> str:
    """Return the name of the service that an address of Apprise's kind leads to.

    :raises InvalidInput: when it is none of those allowed; the sentence does not repeat it.
    """
    if len(address) > LONGEST_ADDRESS or not re.fullmatch(r"[!-~]+", address) or "," in address:
        raise _refused(
            gettext("Write one address, of at most 1,000 characters, without spaces and commas.")
        )
    scheme, _, rest = address.partition("://")
    name, options = SERVICES.get(scheme, ("", set[str]()))
    if not name or not rest:
        schemes = ", ".join(f"{scheme}://" for scheme in SERVICES)
        raise _refused(gettext("The address has to begin with one of %s") % schemes)
    if _options(rest) - options:
        said = gettext("Behind the ? of this address may stand: %s")
        raise _refused(said % ", ".join(sorted(options)))
    if scheme == TEAMS and not TEAMS_ADDRESS.fullmatch(rest):
        raise _refused(
            gettext("A Teams address is workflows://host/workflow-id/signature, its host one of %s")
            % ", ".join(f"*{host}" for host in TEAMS_HOSTS)
        )
    return name


def send(claim: MailClaim) -> Sent:
    """Send what was claimed, in brief, to its channel's service.

    :raises NotDelivered: when the service did not take it.
    """
    if claim.channel is None:
        raise LookupError("a notice to a reader goes by mail")
    return _send(claim.channel, brief(claim))


def send_test(channel: Channel) -> Sent:
    """Send something that only shows that it arrives.

    :raises NotDelivered: when the service did not take it.
    """
    title = gettext("Test of channel %s") % channel.name
    text = gettext("If you read this, what it sends arrives.")
    link = absolute(reverse("admin:index"))
    return _send(channel, Brief(title=title, text=text, link=link, tone="info"))


def _options(rest: str) -> set[str]:
    """Return the names of the options of an address: Apprise looks for them behind any ?."""
    given = rest.partition("?")[2].replace("?", "&").replace(";", "&")
    return {name for name, _ in parse_qsl(given, keep_blank_values=True)}


def _refused(sentence: str) -> InvalidInput:
    return InvalidInput(sentence, {"address": [sentence]})


def _send(channel: Channel, told: Brief) -> Sent:
    try:
        address = address_of(channel)
    except SecretUnreadable as error:
        raise NotDelivered(error.message) from error
    if not address:
        raise NotDelivered(gettext("The channel has no address yet. Open it in the admin."))
    try:
        service_of(address)
    except InvalidInput as error:
        raise NotDelivered(error.message) from error
    answer = json.loads(_carried(json.dumps({"url": address, **asdict(told)}), channel.place))
    if answer["took"]:
        return Sent(
            sentence=gettext("%(place)s took it.") % {"place": channel.place},
            took=(channel.place,),
        )
    said = gettext("%(place)s did not take it: %(why)s")
    why = redacted(one_line(answer["said"] or gettext("no reason given"), LONGEST_REASON))
    raise NotDelivered(said % {"place": channel.place, "why": why})


def _carried(message: str, place: str) -> str:
    """Return what the courier answers.

    :raises NotDelivered: when it takes too long, or dies; the message may have left then.
    """
    give_connection_back()
    with subprocess.Popen(
        [sys.executable, "-m", "alerts.channels.courier"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=settings.BASE_DIR,
        env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
        encoding="utf-8",
        start_new_session=True,
    ) as courier:
        try:
            answer, _ = courier.communicate(message, timeout=DEADLINE_S)
        except subprocess.TimeoutExpired:
            said = gettext(
                "%(place)s took longer than %(seconds)g s in all and was cut off. The message may "
                "have arrived all the same."
            )
            raise NotDelivered(said % {"place": place, "seconds": DEADLINE_S}) from None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(courier.pid, signal.SIGKILL)
    if courier.returncode or not answer:
        said = gettext("What sends to %(place)s ended by itself (%(code)d). Is Apprise installed?")
        raise NotDelivered(said % {"place": place, "code": courier.returncode})
    return answer
