"""The product's settings for a cluster that knows the harness' job types as well."""

from batchops.settings import *  # noqa: F403
from batchops.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.jobs.harness.apps.Misbehaving"]
