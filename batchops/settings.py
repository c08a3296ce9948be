"""Say how the site runs, from the environment; docs/settings.md explains every variable.

Values come from the environment first, then from `batchops.env` in the data folder, which
`manage.py up` writes so that every other command finds the same database and secrets.
"""

import os
import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import django_stubs_ext
from corsheaders.defaults import default_headers
from django.core.exceptions import ImproperlyConfigured

from batchops.document import DOCUMENT
from batchops.environment import BASE_DIR, DATA_DIR, env
from batchops.settings_bill_stop import *  # noqa: F403
from batchops.settings_channels import *  # noqa: F403
from batchops.settings_logging import *  # noqa: F403
from batchops.settings_metrics import *  # noqa: F403
from batchops.settings_security import *  # noqa: F403

django_stubs_ext.monkeypatch()

# Core -------------------------------------------------------------------------------------------

DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. Start with `make run`, which makes one and keeps it in "
        f"{DATA_DIR / 'batchops.env'}, or set it to 50 or more random characters."
    )
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_CREDENTIALS = True
CORS_ALLOW_HEADERS = [*default_headers, "idempotency-key"]
# What scripts of other origins may read of an answer, beside its body.
READABLE = "Accept-Ranges Content-Disposition Content-Range ETag Retry-After X-Formula-Guard"
CORS_EXPOSE_HEADERS = [*READABLE.split(), "X-Request-ID"]

INSTALLED_APPS = [
    "batchops.web.apps.BatchOpsAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "corsheaders",
    "csp",
    "axes",
    "django_q",
    "pgtrigger",
    "pghistory",
    "batchops.apps.BatchOpsConfig",
    "alerts.apps.AlertsConfig",
    "jobs.apps.JobsConfig",
    "monitoring.apps.MonitoringConfig",
]

MIDDLEWARE = [
    "batchops.web.request_ids.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "batchops.web.static_files.StaticFilesMiddleware",
    "batchops.web.uncached.UncachedMiddleware",
    # Before whatever may refuse, so that other consoles can read why.
    "corsheaders.middleware.CorsMiddleware",
    "csp.middleware.CSPMiddleware",
    "batchops.web.readable.ReadableMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "axes.middleware.AxesMiddleware",
    "batchops.web.time_zone.TimeZoneMiddleware",
    "batchops.web.failures.OutageMiddleware",
]

ROOT_URLCONF = "batchops.web.urls"
ASGI_APPLICATION = "batchops.web.asgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# Database ---------------------------------------------------------------------------------------

# A peer that vanishes is noticed in seconds, not in the many minutes of the system's defaults;
# by the server too, which then frees its locks. Nor can a frozen process hold a row lock for ever.
CONNECTION_OPTIONS = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "options": (
        "-c lock_timeout=5000 -c statement_timeout=60000 "
        "-c idle_in_transaction_session_timeout=15000 -c tcp_user_timeout=10000 "
        "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
    ),
}
DATABASES = {"default": env.db("DATABASE_URL", default="postgres://batchops@localhost/batchops")}
# The role that owns the tables; only `manage.py release` connects as it.
DATABASE_OWNER_URL = env.str("DATABASE_OWNER_URL", default="")
DATABASE_REPORTS_ROLE = env.str("DATABASE_REPORTS_ROLE", default="")
# A socket's folder (`?host=/folder`) goes where dbshell and everybody else looks for a host.
DATABASES["default"]["HOST"] = (
    DATABASES["default"].get("OPTIONS", {}).pop("host", "") or DATABASES["default"]["HOST"]
)
DATABASES["default"] |= {
    "CONN_MAX_AGE": 60,
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": CONNECTION_OPTIONS | DATABASES["default"].get("OPTIONS", {}),
}
# Only the web process uses it: a pool opened before a fork breaks django-q2's workers.
DATABASE_POOL = {"min_size": 1, "max_size": 8, "timeout": 10}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The two clusters -------------------------------------------------------------------------------

# django-q2 carries only "there is work". Each value has a measured reason; the system checks
# batchops.E010 to E020 keep them.
JOBS_WORKERS = env.whole("JOBS_WORKERS", default=4, least=1)
WATCH_WORKERS = env.whole("WATCH_WORKERS", default=2, least=1)
Q_CLUSTER = {
    "name": "jobs",
    "orm": "default",
    "broker_class": "batchops.cluster.broker.HearingBroker",
    "workers": JOBS_WORKERS,
    "timeout": 3600,
    "retry": 10_830,
    "bulk": 1,
    "queue_limit": 1,
    "poll": 0.2,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    "catch_up": False,
    "recycle": 200,
    "max_rss": 400_000,
    "guard_cycle": 0.5,
    "scheduler": False,
    "time_zone": "UTC",
    "ALT_CLUSTERS": {"watch": {"workers": WATCH_WORKERS, "timeout": 120, "retry": 420}},
}
HEARTBEAT_INTERVAL = env.seconds("HEARTBEAT_INTERVAL_S", default=5)
CLUSTER_STOP_GRACE = env.seconds("CLUSTER_STOP_GRACE_S", default=20)
# A bell that has waited so long beside a free worker means that the cluster stands still.
CLUSTER_WEDGED_AFTER = env.seconds("CLUSTER_WEDGED_AFTER_S", default=30)

# Live -------------------------------------------------------------------------------------------

# What follows a topic's first change within this time goes out as one frame.
LIVE_GATHER = env.seconds("LIVE_GATHER_S", default=0.25)
# How often everybody's right to watch is looked up again; a lost right closes within twice that.
LIVE_REAUTHORISE_INTERVAL = env.seconds("LIVE_REAUTHORISE_INTERVAL_S", default=4)
# A client that has not answered anything for this long is dropped.
LIVE_SILENCE = env.seconds("LIVE_SILENCE_S", default=45)
# How many sockets one person, programs with their tokens included, may have in one web process.
LIVE_SOCKETS_PER_USER = env.whole("LIVE_SOCKETS_PER_USER", default=50, least=1)

# Jobs -------------------------------------------------------------------------------------------

JOBS_LEASE = env.seconds("JOBS_LEASE_S", default=60)
JOBS_SETTLE_INTERVAL = env.seconds("JOBS_SETTLE_INTERVAL_S", default=0.25)
JOBS_SLICE = env.seconds("JOBS_SLICE_S", default=10)
JOBS_SWEEP_INTERVAL = env.seconds("JOBS_SWEEP_INTERVAL_S", default=30)
JOBS_STUCK_AFTER = env.seconds("JOBS_STUCK_AFTER_S", default=10)

# CC&B -------------------------------------------------------------------------------------------

CCB_URL = env.str("CCB_URL", default="")
CCB_SCHEMA = env.str("CCB_SCHEMA", default="")
CCB_LANGUAGE = env.str("CCB_LANGUAGE", default="ENG")
CCB_DEADLINE = env.seconds("CCB_DEADLINE_S", default=90)
# The questions to CC&B that people may choose for "Enrich All", one .sql file each.
ENRICH_QUERIES_DIR = env.str("ENRICH_QUERIES_DIR", default="jobs/types/enrich/queries")
# The owner of the simulated CC&B's tables; only `manage.py simulate_ccb` connects as it.
CCB_OWNER_URL = env.str("CCB_OWNER_URL", default="")
# 1 for a real CC&B; the simulator's clock may run faster, and polls then come as much faster.
CCB_CLOCK_SPEED = env.number("CCB_CLOCK_SPEED", default=1)
# A monitor outside that misses us: asked by GET after each good poll.
POLL_HEARTBEAT_URL = env.str("POLL_HEARTBEAT_URL", default="").strip()
if POLL_HEARTBEAT_URL and not re.match(r"https?://[^/\s]+(/\S*)?\Z", POLL_HEARTBEAT_URL):
    raise ImproperlyConfigured(
        "POLL_HEARTBEAT_URL is no address. Set it to one that begins with https:// or http://."
    )

# Mail -------------------------------------------------------------------------------------------

EMAIL_HOST = env.str("SMTP_HOST", default="")
EMAIL_PORT = env.whole("SMTP_PORT", default=587, least=1)
EMAIL_HOST_USER = env.str("SMTP_USER", default="")
# Taken as it is: environ would replace a password that begins with $ by another variable.
EMAIL_HOST_PASSWORD = os.environ.get("SMTP_PASS", "")
DEFAULT_FROM_EMAIL = env.str("SMTP_FROM", default="").strip()
ALERT_EMAILS = [
    address.strip() for address in env.list("ALERT_EMAILS", default=[]) if address.strip()
]
# A password never travels in clear: STARTTLS everywhere but on the port that begins with TLS,
# and but for port 25 without a login, where mail servers of one house speak plainly.
SMTP_SECURITY = env.str("SMTP_SECURITY", default="auto").lower()
if SMTP_SECURITY not in ("auto", "starttls", "tls", "none"):
    raise ImproperlyConfigured(
        f"SMTP_SECURITY is '{SMTP_SECURITY}'. Set it to auto, starttls, tls or none."
    )
if SMTP_SECURITY == "auto":
    plain = EMAIL_PORT == 25 and not EMAIL_HOST_USER
    SMTP_SECURITY = "tls" if EMAIL_PORT == 465 else "none" if plain else "starttls"
EMAIL_USE_TLS = SMTP_SECURITY == "starttls"
EMAIL_USE_SSL = SMTP_SECURITY == "tls"
EMAIL_TIMEOUT = 10
# One try as a whole; EMAIL_TIMEOUT bounds only each answer, and a server may drip.
MAIL_DEADLINE = env.seconds("MAIL_DEADLINE_S", default=15)
# How long a sender may hold a message before another takes it over; a chat may take 15 s.
MAIL_LEASE = max(3 * MAIL_DEADLINE, timedelta(seconds=45))
MAIL_GIVE_UP_AFTER = env.seconds("MAIL_GIVE_UP_AFTER_S", default=86_400)
# Mails that a channel gets in a minute; what is more comes as one digest.
MAIL_LIMIT = env.whole("MAIL_LIMIT", default=10, least=1)
# Where people reach the console; links in mails begin with it.
PUBLIC_URL = env.str("PUBLIC_URL", default="").rstrip("/")
PUBLIC_URL_IS_SET = bool(PUBLIC_URL)
if PUBLIC_URL_IS_SET and not PUBLIC_URL.startswith(("http://", "https://")):
    raise ImproperlyConfigured(
        f"PUBLIC_URL is '{PUBLIC_URL}'. Set it to an address such as https://batchops.example.com."
    )
PUBLIC_URL = PUBLIC_URL or f"http://localhost:{env.str('BATCHOPS_PORT', default='') or 8000}"

# API --------------------------------------------------------------------------------------------

# Holds only the throttle's counts, at most some 5 KB for each caller of the last minute.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 5_000},
    }
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        # First, because the first one's scheme makes a refused stranger's answer 401, not 403.
        "batchops.api.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["batchops.api.HasPermission"],
    "DEFAULT_PARSER_CLASSES": [
        "batchops.api.JsonParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "user": "600/minute",
        "status": "1200/minute",
        "stranger": "600/minute",
    },
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "batchops.api.FirstRenderer",
    "EXCEPTION_HANDLER": "batchops.api.answer_error",
    "DEFAULT_SCHEMA_CLASS": "batchops.openapi.DocumentedSchema",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = DOCUMENT

# Words, places, files ---------------------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_I18N = True
FORMAT_MODULE_PATH = ["batchops.formats"]
SITE_TIME_ZONE = env.str("SITE_TIME_ZONE", default="Asia/Dhaka")
try:
    SITE_ZONE = ZoneInfo(SITE_TIME_ZONE)
except (ZoneInfoNotFoundError, ValueError, OSError):
    raise ImproperlyConfigured(
        f"SITE_TIME_ZONE is '{SITE_TIME_ZONE}', which is no time zone that this machine knows. "
        "Set it to a name such as Asia/Dhaka or Europe/London."
    ) from None
TIME_ZONE = SITE_TIME_ZONE
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
# A bucket that all machines reach; empty: a folder, which only one machine has.
FILES_BUCKET = env.str("FILES_BUCKET", default="")
FILES_ENDPOINT = env.str("FILES_ENDPOINT", default="")


def _storage_of(kind: str) -> dict[str, Any]:
    if FILES_BUCKET:
        options = {"bucket_name": FILES_BUCKET, "location": kind, "default_acl": "private"}
        endpoint = {"endpoint_url": FILES_ENDPOINT} if FILES_ENDPOINT else {}
        return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options | endpoint}
    modes = {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}
    return {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "files" / kind, "base_url": None, **modes},
    }


STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "batchops.web.static_files.ModuleManifestStorage"},
    "artifacts": _storage_of("artifacts"),
    "uploads": _storage_of("uploads"),
}
# For what is being made and has no name; fast, with room for the largest file.
SCRATCH_DIR = DATA_DIR / "scratch"
MEDIA_ROOT = DATA_DIR / "files"
# Under what the web server takes at once (batchops.web.wire), so that a part always fits.
UPLOAD_PART_BYTES = 8 * 1024 * 1024
UPLOAD_MAX_BYTES = env.whole("UPLOAD_MAX_BYTES", default=2 * 1024**3, least=1)
UPLOAD_UNUSED_BYTES = env.whole("UPLOAD_UNUSED_BYTES", default=8 * 1024**3)
UPLOAD_DISK_RESERVE_BYTES = env.whole("UPLOAD_DISK_RESERVE_BYTES", default=1024**3)
UPLOAD_UNUSED_KEPT = env.seconds("UPLOAD_UNUSED_KEPT_S", default=86_400)
# TrueType fonts for what Helvetica lacks: regular, and if there are, bold, italic, bold italic.
DOCUMENT_FONT = env.list("DOCUMENT_FONT", default=[])
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
# A form of 200 columns with eight fields each, and what stands beside them.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
