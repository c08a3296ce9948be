"""Say by which environment a site is made that is to be broken: mail that works, short times."""

from collections.abc import Mapping

SETTINGS: Mapping[str, str] = {
    "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
    "SMTP_HOST": "127.0.0.1",
    "SMTP_FROM": "batchops@example.com",
    "SMTP_SECURITY": "none",
    "ALERT_EMAILS": "ops@example.com",
    "PUBLIC_URL": "https://console.example",
    "MAIL_DEADLINE_S": "2",
    "MAIL_LIMIT": "1000",
    "CCB_DEADLINE_S": "4",
    "JOBS_SLICE_S": "3",
}
