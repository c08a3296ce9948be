"""Read CC&B in this process where the reader's own process is not the point."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from django.conf import settings

from batchops.ccb import client, read
from batchops.ccb.rows import Line
from batchops.ccb.source import Source


def read_here(source: Source, request: dict[str, Any], *, deadline: Any = None) -> Iterator[Line]:
    """Do what the reader's process does, in this one."""
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read, "write", lambda line: lines.append(json.dumps(line)))
        wanted = client._common(source, settings.CCB_DEADLINE) | request
        with closing(read.connect(source, wanted)) as connection:
            read.TASKS[request["task"]](connection, source, wanted)
    yield from map(json.loads, lines[:-1])
