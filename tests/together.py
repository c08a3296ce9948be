"""Spread the tests over workers by file, but folders that start much for all their tests whole."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

# A browser and a server each; every further worker would start its own.
FOLDERS = ("tests/browser/", "tests/live/")


class Together(LoadFileScheduling):  # type: ignore[misc]
    def _split_scope(self, nodeid: str) -> str:
        whole = (folder for folder in FOLDERS if nodeid.startswith(folder))
        return next(whole, None) or super()._split_scope(nodeid)
