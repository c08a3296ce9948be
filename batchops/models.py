"""Store who may come in (people, API tokens), which processes live, what they did and count."""

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from batchops.append_only import append_only


class User(AbstractUser):
    """A person. Roles are groups; batchops/web/roles.py says what each may do."""

    time_zone = models.CharField(
        max_length=64,
        blank=True,
        default="",
        help_text=_("In which pages show times to them; empty: the site's."),
    )


def one_printable_line(name: str) -> None:
    """See that a name can stand in a log and in an event as it is.

    :raises ValidationError: when it cannot.
    """
    if not name.isprintable() or name != name.strip():
        raise ValidationError(_("Use one line of printable characters, with no space at its ends."))


class ApiToken(models.Model):
    """A program's key, stored only as its SHA-256; shown once, when it is made."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(
        max_length=80,
        validators=[one_printable_line],
        help_text="What uses it, for example 'crp console'.",
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never.")
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    key: str  # only on one that was made just now, to be shown

    class Meta:
        verbose_name = "API token"
        constraints = [
            models.UniqueConstraint(
                "user",
                "name",
                condition=models.Q(revoked_at=None),
                name="api_token_one_name_per_user",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.user_id})"


class AdminRecord(LogEntry):
    """One thing that a person did in the admin, as it stands in Django's own table."""

    class Meta:
        proxy = True
        default_permissions = ()
        triggers = append_only()


class Heartbeat(models.Model):
    """One living part (a cluster on a host); its wrapper renews `beat_at` every few seconds."""

    part = models.CharField(max_length=20, help_text="jobs or watch")
    host = models.CharField(max_length=255)
    pid = models.IntegerField()
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    workers = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint("part", "host", "pid", name="heartbeat_one_per_process"),
        ]
        permissions = [("view_health", "Can see the health of workers and sources")]

    def __str__(self) -> str:
        return f"{self.part} on {self.host} ({self.pid})"


class WebProcess(models.Model):
    """One web server's process; it renews its row every few seconds and removes it when it ends."""

    host = models.CharField(max_length=255)
    pid = models.IntegerField()
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    sockets = models.IntegerField()
    resident_bytes = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint("host", "pid", name="web_process_once"),
        ]

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"


class Tally(models.Model):
    """How often something happened that leaves no row of its own, in all processes, for ever."""

    name = models.CharField(max_length=40)
    label = models.CharField(max_length=100)
    value = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint("name", "label", name="tally_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.label}: {self.value}"


class CleanUp(models.Model):
    """When one of the clean-ups last left nothing that was too old."""

    name = models.CharField(max_length=40, unique=True)
    done_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
