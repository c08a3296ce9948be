"""The product's settings for a site that is broken on purpose: what takes minutes takes seconds."""

from datetime import timedelta

from tests.jobs.harness.settings import *  # noqa: F403
from tests.jobs.harness.settings import INSTALLED_APPS as APPS

INSTALLED_APPS = [*APPS, "tests.chaos.apps.Broken"]
MAIL_LEASE = timedelta(seconds=8)
