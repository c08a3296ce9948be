"""Say on the terminal when the disk runs full; logs on that disk may not be able to."""

import shutil
import time
from pathlib import Path

from batchops.house.terminal import say

LOW_BYTES = 60 * 1024**2
# So much more than low must be free before the next warning, which would flicker otherwise.
RELIEF_BYTES = 20 * 1024**2
LOOK_EVERY_S = 2.0


class Disk:
    """The free space of the disk that holds `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._look_at = 0.0
        self._is_low = False

    def watch(self) -> None:
        """Say once that room runs out, and once that there is room again."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_EVERY_S
        try:
            free_bytes = shutil.disk_usage(self._folder).free
        except FileNotFoundError:
            return  # made when the database cluster is
        if not self._is_low and free_bytes < LOW_BYTES:
            self._is_low = True
            say(
                f"The disk that holds {self._folder} has {free_bytes // 1024**2} MB left. Free "
                "some space: on a full disk PostgreSQL stops. It starts again by itself when "
                "there is room, and no data is lost."
            )
        elif self._is_low and free_bytes > LOW_BYTES + RELIEF_BYTES:
            self._is_low = False
            say(f"The disk that holds {self._folder} has room again.")
