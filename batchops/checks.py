"""Check at every start that the settings hold together; docs/settings.md lists the ids."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from email.utils import parseaddr
from importlib.util import find_spec
from typing import Any

from cryptography.fernet import Fernet
from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connections

TAG = "batchops"
CLUSTERS = {"jobs", "watch"}
SHORTEST_SECRET = 50
SHORTEST_TOKEN = 32
SHORTEST_WEDGE_S = 20
OLDEST_POSTGRESQL = 15
# What a poll needs beside the reading: to store it, or why there is none.
POLL_MARGIN_S = 20
# One task is as good as over this long after its time limit; django-q2 adds it itself.
LIMIT_MARGIN_S = 3


@register(TAG)
def check_site(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check secrets, hosts, the database's kind and the intervals (E001 to E009)."""
    return [*_site_problems()]


@register(TAG)
def check_clusters(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check Q_CLUSTER, whose every value has a measured reason (E008, E010 to E020)."""
    found = [*_shared_problems(settings.Q_CLUSTER)]
    for name, values in _each_cluster(settings.Q_CLUSTER):
        found += _timing_problems(name, values)
    return found


@register(TAG)
def check_mail(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check the addresses that alerts come from and go to (E021, E022); links in mails (W023)."""
    return [*_mail_problems(), *_link_problems()]


@register(TAG)
def check_secrets(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check the keys that seal secrets (E034)."""
    try:
        for key in settings.BATCHOPS_SECRETS_KEYS:
            Fernet(key)
    except ValueError:
        problem = "BATCHOPS_SECRETS_KEY holds something that is no key."
        return [_error("batchops.E034", problem, "docs/settings.md says how to make one.")]
    return []


@register(TAG)
def check_metrics(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check the token by which the metrics are read (E036)."""
    if not settings.METRICS_TOKEN or len(settings.METRICS_TOKEN) >= SHORTEST_TOKEN:
        return []
    problem = f"METRICS_TOKEN is shorter than {SHORTEST_TOKEN} characters."
    return [_error("batchops.E036", problem, "Set it to random ones, or leave it empty.")]


@register(TAG)
def check_bill_stop(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check what bill stop is told about the site (E031)."""
    problems = {
        "BILL_STOP_RULE": settings.BILL_STOP_RULE in ("days", "month"),
        "BILL_STOP_DAYS": 1 <= settings.BILL_STOP_DAYS <= 366,
        "BILL_STOP_RANGES": 1 <= settings.BILL_STOP_RANGES <= 1_000,
        "BILL_STOP_READ_LIMIT_S": 1 <= settings.BILL_STOP_READ_LIMIT.total_seconds() <= 30,
        "BILL_STOP_KEEP_DAYS": 1 <= settings.BILL_STOP_KEPT.days <= 1_000,
        "BILL_STOP_SA_STATUSES": 1 <= len(settings.BILL_STOP_SA_STATUSES) <= 4,
    }
    hint = "docs/settings.md says what it may be."
    return [
        _error("batchops.E031", f"{name} is out of range.", hint)
        for name, holds in problems.items()
        if not holds
    ]


@register(TAG, Tags.database)
def check_server(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Check the version of each PostgreSQL server that is about to be used (E004)."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        if connection.vendor != "postgresql":
            continue
        connection.ensure_connection()
        version = connection.connection.info.server_version // 10_000
        if version < OLDEST_POSTGRESQL:
            found.append(
                _error(
                    "batchops.E004",
                    f"Database '{alias}' is PostgreSQL {version}.",
                    f"BatchOps needs PostgreSQL {OLDEST_POSTGRESQL} or newer.",
                )
            )
    return found


def _site_problems() -> Iterator[CheckMessage]:
    if len(settings.SECRET_KEY) < SHORTEST_SECRET or settings.SECRET_KEY.startswith("insecure"):
        kind = checks.Warning if settings.DEBUG else Error
        yield kind(
            f"SECRET_KEY is shorter than {SHORTEST_SECRET} characters or says it is insecure.",
            hint="Who guesses it can log in as anyone. Set it to 50 or more random characters.",
            id="batchops.E001",
        )
    if "*" in settings.ALLOWED_HOSTS and not settings.DEBUG:
        yield _error(
            "batchops.E002",
            "ALLOWED_HOSTS contains '*', so any Host header is believed.",
            "List the names people type, separated by commas.",
        )
    for alias, values in settings.DATABASES.items():
        if values["ENGINE"] != "django.db.backends.postgresql":
            yield _error(
                "batchops.E003",
                f"Database '{alias}' is not PostgreSQL but {values['ENGINE']}.",
                "Give DATABASE_URL the form postgres://user:password@host:5432/name.",
            )
    yield from _interval_problems()
    if settings.FILES_BUCKET and find_spec("storages") is None:
        yield _error(
            "batchops.E030",
            "FILES_BUCKET is set, but the package django-storages is not installed.",
            'Run `pip install "django-storages[s3]"`, or leave the variable empty for a folder.',
        )
    yield from _font_problems()


def _font_problems() -> Iterator[CheckMessage]:
    if not settings.DOCUMENT_FONT:
        return
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    for file in settings.DOCUMENT_FONT:
        try:
            TTFont("looked at", file)
        except (TTFError, OSError, ValueError, IndexError, struct.error) as error:
            yield _error(
                "batchops.E033",
                f"DOCUMENT_FONT names {file}, which cannot be used: {error}",
                "Name TrueType fonts (.ttf) that every process can read, or leave it empty.",
            )


def _interval_problems() -> Iterator[CheckMessage]:
    if settings.JOBS_SLICE >= settings.CLUSTER_STOP_GRACE:
        yield _error(
            "batchops.E006",
            "JOBS_SLICE_S is not shorter than CLUSTER_STOP_GRACE_S.",
            "Each deploy would cut running work off; lengthen the grace or shorten the slice.",
        )
    if settings.CLUSTER_WEDGED_AFTER.total_seconds() < SHORTEST_WEDGE_S:
        yield _error(
            "batchops.E007",
            f"CLUSTER_WEDGED_AFTER_S is less than {SHORTEST_WEDGE_S}.",
            "django-q2 rests 10 s after a lost connection, which must not pass for a wedge.",
        )


def _mail_problems() -> Iterator[CheckMessage]:
    sender = settings.DEFAULT_FROM_EMAIL
    if sender and not _is_address(parseaddr(sender)[1]):
        yield _error(
            "batchops.E021",
            f"SMTP_FROM is '{sender}', which is no e-mail address.",
            "Write it as alerts@example.com, or as Name <alerts@example.com>.",
        )
    for address in settings.ALERT_EMAILS:
        if not _is_address(address):
            yield _error(
                "batchops.E022",
                f"ALERT_EMAILS contains '{address}', which is no e-mail address.",
                "Write them as a@example.com,b@example.com, without names.",
            )


def _link_problems() -> Iterator[CheckMessage]:
    if settings.EMAIL_HOST and not settings.PUBLIC_URL_IS_SET:
        yield checks.Warning(
            f"SMTP_HOST is set and PUBLIC_URL is not: mails lead to {settings.PUBLIC_URL}.",
            hint="Set PUBLIC_URL to what people type to reach the console.",
            id="batchops.W023",
        )


def _is_address(address: str) -> bool:
    try:
        validate_email(address)
    except ValidationError:
        return False
    return True


SHARED_RULES: tuple[tuple[str, str, object, str], ...] = (
    ("batchops.E013", "queue_limit", 1, "Tasks that wait in memory run twice once `retry` passes."),
    ("batchops.E014", "bulk", 1, "Tasks that wait in memory run twice once `retry` passes."),
    (
        "batchops.E015",
        "save_limit",
        -1,
        "Any other value slows every task down; our tables are the history.",
    ),
    ("batchops.E016", "max_attempts", 1, "Attempts are counted by BatchOps, per item."),
    (
        "batchops.E016",
        "ack_failures",
        True,
        "A failed bell would ring for ever; the sweep rings a new one.",
    ),
    (
        "batchops.E017",
        "scheduler",
        False,
        "Whoever can write a schedule could run any function on a worker.",
    ),
    ("batchops.E019", "time_zone", "UTC", "Local time runs things twice when the clocks go back."),
)


def _shared_problems(conf: Mapping[str, Any]) -> Iterator[CheckMessage]:
    for check_id, key, wanted, reason in SHARED_RULES:
        if any(values.get(key) != wanted for _, values in _each_cluster(conf)):
            yield _error(check_id, f"Q_CLUSTER['{key}'] must be {wanted!r}.", reason)
    for alias, values in settings.DATABASES.items():
        if "pool" in values.get("OPTIONS", {}):
            yield _error(
                "batchops.E018",
                f"DATABASES['{alias}'] has a connection pool in OPTIONS.",
                "A pool breaks when a cluster forks; DATABASE_POOL gives one to the web process.",
            )
    names = {name for name, _ in _each_cluster(conf)}
    if names != CLUSTERS:
        yield _error(
            "batchops.E010",
            f"Q_CLUSTER describes {sorted(names)} instead of {sorted(CLUSTERS)}.",
            "A bell for a cluster that is not described would wait for ever.",
        )


def _timing_problems(name: str, values: Mapping[str, Any]) -> Iterator[CheckMessage]:
    timeout, retry, cycle = (values.get(key) for key in ("timeout", "retry", "guard_cycle"))
    if type(timeout) is not int or type(retry) is not int or timeout < 1:
        yield _error(
            "batchops.E011",
            f"Cluster '{name}': timeout and retry must be whole seconds, at least 1.",
            "With a fraction, or without a time limit, no task runs or none is ever ended.",
        )
        return
    if not cycle or (timeout + LIMIT_MARGIN_S) % cycle:
        yield _error(
            "batchops.E012",
            f"Cluster '{name}': timeout + 3 must be a multiple of guard_cycle.",
            "django-q2's own guard never ends a deaf task otherwise. Keep guard_cycle at 0.5.",
        )
    if name == "watch" and settings.CCB_DEADLINE.total_seconds() > timeout - POLL_MARGIN_S:
        yield _error(
            "batchops.E008",
            f"CCB_DEADLINE_S is more than {timeout - POLL_MARGIN_S}.",
            f"A task of cluster 'watch' is killed after {timeout} s, and a poll must still be "
            "able to store why it failed; shorten the deadline.",
        )
    if retry <= 3 * (timeout + LIMIT_MARGIN_S):
        yield _error(
            "batchops.E020",
            f"Cluster '{name}': retry must be more than 3 x (timeout + 3).",
            "A task that still runs would otherwise be run again beside itself.",
        )


def _each_cluster(conf: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return each cluster's name and its values, as django-q2 will see them."""
    alternatives: Mapping[str, Mapping[str, Any]] = conf.get("ALT_CLUSTERS", {})
    return [
        (str(conf.get("name")), conf),
        *((name, {**conf, **values}) for name, values in alternatives.items()),
    ]


def _error(check_id: str, message: str, hint: str) -> Error:
    return Error(message, hint=hint, id=check_id)
