"""Store who may come in (people, API tokens), which processes live, what they did and count."""

from typing import Any

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from batchops.append_only import append_only

GRANTED_SQL = """
    SELECT kind.app_label || '.' || permission.codename
      FROM auth_permission AS permission
      JOIN django_content_type AS kind ON kind.id = permission.content_type_id
     WHERE permission.id IN (
           SELECT permission_id FROM batchops_user_user_permissions WHERE user_id = %(user)s
            UNION ALL
           SELECT granted.permission_id
             FROM auth_group_permissions AS granted
             JOIN batchops_user_groups AS role USING (group_id)
            WHERE role.user_id = %(user)s)
"""


class User(AbstractUser):
    """A person. Roles are groups; batchops/web/roles.py says what each may do.

    Each request asks what they may do, so it is looked up at once and not backend by backend.
    """

    time_zone = models.CharField(
        max_length=64,
        blank=True,
        default="",
        help_text=_("In which pages show times to them; empty: the site's."),
    )

    @cached_property
    def granted(self) -> frozenset[str]:
        """The permissions given to the person and to the person's roles, as `app.codename`."""
        with connection.cursor() as cursor:
            cursor.execute(GRANTED_SQL, {"user": self.pk})
            return frozenset(name for (name,) in cursor.fetchall())

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_active and (self.is_superuser or (obj is None and perm in self.granted))

    def has_module_perms(self, app_label: str) -> bool:
        of_app = f"{app_label}."
        return self.is_active and (
            self.is_superuser or any(name.startswith(of_app) for name in self.granted)
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


class LoadSample(models.Model):
    """What waited for the workers of jobs in one minute, and how many of them were busy."""

    at = models.DateTimeField(primary_key=True, help_text="The beginning of the minute.")
    items_waiting = models.BigIntegerField()
    jobs_waiting = models.IntegerField(help_text="Not begun yet.")
    jobs_running = models.IntegerField()
    workers_busy = models.IntegerField()
    workers = models.IntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.at.isoformat()


class CleanUp(models.Model):
    """How one of the clean-ups stands: when it ran, and what it found too old."""

    name = models.CharField(max_length=40, unique=True)
    ran_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True, help_text="When it last left nothing too old.")
    removed = models.BigIntegerField(
        default=0, db_default=0, help_text="By the last that removed anything."
    )
    removed_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name

    @property
    def goes_on(self) -> bool:
        """Whether its last slice left something for another, which follows at once."""
        return self.done_at is None or (self.ran_at is not None and self.ran_at > self.done_at)
