"""Say what is logged and how: on standard error, as lines for people or for programs."""

import logging

from django.core.exceptions import ImproperlyConfigured

from batchops.environment import env

FORMATS = {
    "lines": {
        "()": "batchops.log_lines.Lines",
        "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
    },
    "json": {"()": "batchops.log_lines.JsonLines"},
}
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOG_FORMAT = env.str("LOG_FORMAT", default="lines")
if LOG_FORMAT not in FORMATS:
    raise ImproperlyConfigured(f"LOG_FORMAT is '{LOG_FORMAT}'. Set it to lines or json.")
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO").upper()
if LOG_LEVEL not in LEVELS:
    raise ImproperlyConfigured(f"LOG_LEVEL is '{LOG_LEVEL}'. Set it to {', '.join(LEVELS)}.")
# What Python warns of is a record like any other.
logging.captureWarnings(LOG_FORMAT == "json")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"chosen": FORMATS[LOG_FORMAT]},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "chosen"}},
    # At INFO it says four lines for every login.
    "loggers": {"axes": {"level": "WARNING"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}
