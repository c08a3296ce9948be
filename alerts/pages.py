"""Show alerts to people: the banner of every page, the open list, and the moves on one alert."""

from datetime import datetime
from typing import Any

import pghistory
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.text import format_lazy
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from alerts import deliver, evidence, history, lifecycle, queries
from alerts.bodies import framed
from alerts.errors import AlertResolved, NotDelivered
from alerts.lifecycle import Until
from alerts.models import Alert, Channel
from alerts.mute_forms import SnoozeForm, next_morning
from alerts.mutes import flapping_words, read_mutes
from batchops.access import AuthenticatedHttpRequest, actor_of
from batchops.db import database_now
from batchops.errors import InvalidInput
from batchops.inputs import ON_THIS_CLOCK
from batchops.moments import MomentInput
from batchops.pages import ask_first, page, render_page

LISTED = 20  # open alerts that a page lists; the rest is one click away


class AcknowledgeForm(forms.Form):
    """A note, and until when the alert may rest; both may be left empty."""

    note = forms.CharField(
        label=_("Note"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "data-key": "e"}),
        help_text=_("What is being done, for the next person who looks."),
    )
    until = forms.DateTimeField(
        label=_("Until"),
        required=False,
        widget=MomentInput,
        help_text=format_lazy(
            "{} {}",
            ON_THIS_CLOCK,
            _("It opens again then. Empty: it rests until its cause is gone."),
        ),
    )


class CommentForm(forms.Form):
    """What somebody knows about the alert."""

    note = forms.CharField(
        label=_("Note"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )


class ResolveForm(CommentForm):
    """Why the alert is closed by hand."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].help_text = _("Why it is over; it is kept in the alert's history.")


def banner_context(request: HttpRequest) -> dict[str, Any]:
    """Return what `alerts/_banner.html` needs; empty for who may not see alerts."""
    if not request.user.has_perm("alerts.view_alert"):
        return {}
    return {"open_counts": queries.count_open()}


def active_context(request: HttpRequest) -> dict[str, Any]:
    """Return what `alerts/_active.html` needs; empty for who may not see alerts."""
    if not request.user.has_perm("alerts.view_alert"):
        return {}
    listed = queries.open_alerts(LISTED)
    return {
        "open_counts": queries.count_open(),
        "open_alerts": listed,
        "alerts_drawn": {
            "alerts.id": [alert.pk for alert in listed],
            "alerts.alert_severity": [alert.severity for alert in listed],
            "alerts.alert_message": [framed(alert.message) for alert in listed],
        },
        "given_up": given_up_note(request),
        "may_acknowledge": request.user.has_perm("alerts.acknowledge_alert"),
        "alerts_return_to": _return_to(request),
    }


@page("alerts.view_alert")
def to_list(request: AuthenticatedHttpRequest) -> HttpResponse:
    return redirect("admin:alerts_alert_changelist")


@page("alerts.view_alert")
def alert_fragment(request: AuthenticatedHttpRequest, alert_id: int) -> HttpResponse:
    shown = alert_context(request, queries.find_alert(alert_id))
    return TemplateResponse(request, "alerts/_alert.html", shown)


@page("alerts.view_alert")
def banner_fragment(request: AuthenticatedHttpRequest) -> HttpResponse:
    return TemplateResponse(request, "alerts/_banner.html", banner_context(request))


@page("alerts.view_alert")
def active_fragment(request: AuthenticatedHttpRequest) -> HttpResponse:
    return TemplateResponse(request, "alerts/_active.html", active_context(request))


@page("alerts.acknowledge_alert", methods=("POST",))
def acknowledge(request: AuthenticatedHttpRequest, alert_id: int) -> HttpResponse:
    given = _checked(AcknowledgeForm(request.POST))
    changed = lifecycle.acknowledge(
        alert_id,
        at=timezone.now(),
        actor=actor_of(request),
        note=given["note"],
        until=_until(request, alert_id, given["until"]),
    )
    said = (
        gettext("Alert %(id)s is yours now.")
        if changed
        else gettext("Alert %(id)s was yours already; nothing changed.")
    )
    messages.success(request, said % {"id": alert_id})
    return _back(request, alert_id)


@page("alerts.acknowledge_alert", methods=("POST",))
def comment(request: AuthenticatedHttpRequest, alert_id: int) -> HttpResponse:
    given = _checked(CommentForm(request.POST))
    lifecycle.comment(alert_id, at=timezone.now(), actor=actor_of(request), note=given["note"])
    messages.success(request, gettext("Your comment on alert %(id)s is kept.") % {"id": alert_id})
    return _back(request, alert_id)


@page("alerts.resolve_alert", methods=("POST",))
def resolve(request: AuthenticatedHttpRequest, alert_id: int) -> HttpResponse:
    given = _checked(ResolveForm(request.POST))
    question = ask_first(
        request,
        title=gettext("Resolve alert %(id)s by hand?") % {"id": alert_id},
        consequence=gettext(
            "It is over then for everybody and never opens again; if its cause is still there, "
            "another alert opens."
        ),
        yes=gettext("Yes, resolve it"),
        back=reverse("admin:alerts_alert_change", args=[alert_id]),
    )
    if question is not None:
        return question
    lifecycle.resolve(alert_id, at=timezone.now(), actor=actor_of(request), note=given["note"])
    messages.success(request, gettext("Alert %(id)s is resolved.") % {"id": alert_id})
    return _back(request, alert_id)


@page("alerts.add_silence", methods=("POST",))
def silence_alert(request: AuthenticatedHttpRequest, alert_id: int) -> HttpResponse:
    alert = queries.find_alert(alert_id)
    if alert.is_resolved:
        # From a tab left open; only the next of its kind would be silenced.
        said = gettext("Alert %(id)s was resolved meanwhile, so nothing is silenced.")
        raise AlertResolved(said % {"id": alert_id}, state=alert.state)
    form = SnoozeForm(request.POST)
    _checked(form)
    now = database_now()
    kept = form.silence(alert, at=now)
    lifecycle.keep_silence(kept, at=now, actor=actor_of(request))
    said = gettext("Nobody is told of alert %(id)s until %(at)s.")
    messages.success(request, said % {"id": alert_id, "at": evidence.moment(kept.until_at)})
    return _back(request, alert_id)


@page("alerts.view_delivery")
def deliveries_fragment(request: AuthenticatedHttpRequest, alert_id: int) -> HttpResponse:
    shown = deliveries_context(request, queries.find_alert(alert_id))
    return TemplateResponse(request, "alerts/_deliveries.html", shown)


@page("alerts.retry_delivery", methods=("POST",))
def retry_delivery(
    request: AuthenticatedHttpRequest, alert_id: int, delivery_id: int
) -> HttpResponse:
    lifecycle.retry_delivery(delivery_id, at=database_now(), actor=actor_of(request))
    messages.success(request, gettext("The mail is tried again now."))
    return _back(request, alert_id)


@page("alerts.change_channel", methods=("POST",))
def test_channel(request: AuthenticatedHttpRequest, channel_id: int) -> HttpResponse:
    try:
        said = deliver.send_test(channel_id, actor=actor_of(request))
    except NotDelivered as error:
        messages.error(request, error.message)
    else:
        messages.success(request, gettext("The test left. %s") % said)
    return redirect("admin:alerts_channel_change", channel_id)


@page("alerts.change_channel", methods=("POST",))
def replace_secret(request: AuthenticatedHttpRequest, channel_id: int) -> HttpResponse:
    question = "at_once" in request.POST and ask_first(
        request,
        title=gettext("Replace the secret at once?"),
        consequence=gettext(
            "From now on the old one signs nothing: its receiver refuses what we send until it "
            "has the new one."
        ),
        yes=gettext("Yes, replace it"),
        back=reverse("admin:alerts_channel_change", args=[channel_id]),
    )
    if question:
        return question
    with pghistory.context(actor=actor_of(request)):
        made = lifecycle.make_signing_secret(
            channel_id, at=database_now(), at_once="at_once" in request.POST
        )
    return secret_page(request, queries.find_channel(channel_id), made)


def secret_page(request: HttpRequest, channel: Channel, made: str) -> HttpResponse:
    """Show a secret that was made just now, this once."""
    shown = {
        "title": gettext("Secret of channel %s") % channel.name,
        "channel": channel,
        "secret": made,
    }
    response = render_page(request, "alerts/secret.html", shown)
    response.headers["Cache-Control"] = "no-store"
    return response


def alert_context(request: HttpRequest, alert: Alert) -> dict[str, Any]:
    """Return what `alerts/alert.html` needs: the alert, its history, and what one may do."""
    may = request.user.has_perm
    is_mine = _is_mine(request, alert)
    return {
        **deliveries_context(request, alert),
        "title": _heading(alert),
        "subtitle": None,
        "alert": alert,
        "next_alert": queries.following(alert),
        **_quiet_context(request, alert),
        "evidence": evidence.parts(alert.evidence),
        "history": history.lines(queries.events_of(alert), viewer=request.user.get_username()),
        "act_form": AcknowledgeForm(
            initial={"until": alert.acknowledged_until if is_mine else None}
        )
        if may("alerts.acknowledge_alert")
        else None,
        "is_mine": is_mine,
        "may_resolve": not alert.is_resolved
        and alert.definition.by_hand
        and may("alerts.resolve_alert"),
    }


def _quiet_context(request: HttpRequest, alert: Alert) -> dict[str, Any]:
    """Return why nobody is told of an alert, what it caused, and the form that silences it."""
    now = database_now()
    may_silence = request.user.has_perm("alerts.add_silence") and not alert.is_resolved
    return {
        "muted_by": read_mutes(now).words(alert, now) if alert.muted_until else "",
        "flapping": flapping_words(alert) if alert.is_flapping else "",
        "caused": queries.caused_by(alert),
        "silence_form": SnoozeForm(initial={"until": next_morning(now)}, auto_id="silence_%s")
        if may_silence
        else None,
    }


def _heading(alert: Alert) -> str:
    """Name an alert by its rule and what it is about."""
    rule = gettext(alert.definition.label)
    about = alert.subject or alert.batch_code
    named = f"{rule[:1].upper()}{rule[1:]}"
    return f"{named}: {about}" if about else named


def deliveries_context(request: HttpRequest, alert: Alert) -> dict[str, Any]:
    """Return what `alerts/_deliveries.html` needs; empty for who may not see deliveries."""
    if not request.user.has_perm("alerts.view_delivery"):
        return {}
    return {"alert": alert, "deliveries": queries.deliveries_of(alert)}


def _until(request: HttpRequest, alert_id: int, given: datetime | None) -> Until:
    """Return until when an alert is to rest; (...) where the form left that as it was.

    The field shows minutes, so the minute of the present moment means just that moment.
    """
    if "until" not in request.POST:
        return ...
    alert = queries.find_alert(alert_id)
    if given is None or alert.acknowledged_until is None or not _is_mine(request, alert):
        return given
    shown = alert.acknowledged_until.replace(second=0, microsecond=0)
    return ... if given == shown else given


def _is_mine(request: HttpRequest, alert: Alert) -> bool:
    return alert.acknowledged_by == actor_of(request)


def given_up_note(request: HttpRequest) -> str:
    """Say that mails were given up lately; empty when none was, or for who may not see mails."""
    if not request.user.has_perm("alerts.view_delivery"):
        return ""
    n, oldest = queries.given_up_lately(timezone.now())
    if oldest is None:
        return ""
    said = ngettext(
        "%(n)d mail was given up in the last 24 h; it waits since %(at)s.",
        "%(n)d mails were given up in the last 24 h, the oldest waits since %(at)s.",
        n,
    )
    return said % {"n": n, "at": evidence.moment(oldest)}


def _checked(form: forms.Form) -> dict[str, Any]:
    if not form.is_valid():
        sentences = "; ".join(
            f"{form.fields[name].label}: {' '.join(map(str, errors))}"
            for name, errors in form.errors.items()
        )
        raise InvalidInput(sentences, {k: list(map(str, v)) for k, v in form.errors.items()})
    return form.cleaned_data


def _return_to(request: HttpRequest) -> str:
    """Return where a form on this page leads back to: to the list on the page, not the fragment.

    Who works by keyboard goes on from there.
    """
    shown = reverse("admin:index") if "/fragment/" in request.path else request.get_full_path()
    return f"{shown}#active-alerts"


def _back(request: HttpRequest, alert_id: int) -> HttpResponse:
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
        target = reverse("admin:alerts_alert_change", args=[alert_id])
    return HttpResponseRedirect(target)


urls = [
    path("alerts/", to_list, name="alerts"),
    path("alerts/banner/fragment/", banner_fragment, name="alerts_banner_fragment"),
    path("alerts/active/fragment/", active_fragment, name="alerts_active_fragment"),
    path("alerts/<int:alert_id>/acknowledge/", acknowledge, name="alert_acknowledge"),
    path("alerts/<int:alert_id>/comment/", comment, name="alert_comment"),
    path("alerts/<int:alert_id>/fragment/", alert_fragment, name="alert_fragment"),
    path("alerts/<int:alert_id>/silence/", silence_alert, name="alert_silence"),
    path("alerts/<int:alert_id>/resolve/", resolve, name="alert_resolve"),
    path(
        "alerts/<int:alert_id>/deliveries/fragment/",
        deliveries_fragment,
        name="alert_deliveries_fragment",
    ),
    path(
        "alerts/<int:alert_id>/deliveries/<int:delivery_id>/retry/",
        retry_delivery,
        name="delivery_retry",
    ),
    path("alerts/channels/<int:channel_id>/test/", test_channel, name="channel_test"),
    path("alerts/channels/<int:channel_id>/secret/", replace_secret, name="channel_secret"),
]
