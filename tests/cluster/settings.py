"""The product's settings with limits short enough to wait for, and two ticks that tell."""

import os

from batchops.settings import *  # noqa: F403
from batchops.settings import INSTALLED_APPS, Q_CLUSTER

INSTALLED_APPS = [*INSTALLED_APPS, "tests.cluster.apps.TellingTicks"]
LIMIT_S = int(os.environ.get("TASK_LIMIT_S", "60"))
Q_CLUSTER = {**Q_CLUSTER, "timeout": LIMIT_S, "retry": 3 * (LIMIT_S + 3) + 1}
SILENCED_SYSTEM_CHECKS = ["batchops.E007"]
