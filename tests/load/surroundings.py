"""Say when and where something was measured."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from typing import Any


def here() -> dict[str, Any]:
    """Return when and where this was measured."""
    return {
        "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "cores": os.cpu_count(),
        "load_average_1_min": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }
