"""Measure the first reading of a long history and the usual polls after it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any, TypeVar
from urllib.parse import quote

from django.conf import settings
from django.db import connection
from django.test.utils import override_settings

from batchops.ccb.simulator import store
from batchops.ccb.snapshot import Snapshot
from batchops.db import database_now
from batchops.management.benches import Bench
from batchops.management.scratch import scratch_database
from batchops.web.first_data import load_first_data
from monitoring import poll as polling
from monitoring.lifecycle import Asked
from monitoring.models import Poll

Found = TypeVar("Found")
RUNS = 100_000
# At a usual poll so many runs are at work, and all of them have committed since the last.
AT_WORK = 20
POLLS = 30
SCHEMA = "bench_ccb"
FILL_SQL = Path(__file__).with_suffix(".sql")
START_SQL = """
    INSERT INTO CI_BATCH_RUN SELECT 'CM-B' || lpad(n::text, 2, '0'), 900000, 0, '20',
           date_trunc('day', LOCALTIMESTAMP), 'N', 1, LOCALTIMESTAMP::timestamp(0), NULL
      FROM generate_series(1, %(runs)s) AS n;
    INSERT INTO CI_BATCH_THD SELECT BATCH_CD, BATCH_NBR, 0, t, '20', 1, NULL, 0
      FROM CI_BATCH_RUN, generate_series(1, 8) AS t WHERE BATCH_NBR = 900000;
    INSERT INTO CI_BATCH_INST SELECT BATCH_CD, BATCH_NBR, 0, BATCH_THREAD_NBR,
           90000000 + row_number() OVER (), 0, 0, ' ', 1, LOCALTIMESTAMP::timestamp(0), NULL
      FROM CI_BATCH_THD WHERE BATCH_NBR = 900000
"""
COMMIT_SQL = """
    UPDATE CI_BATCH_INST SET REC_PROC_CNT = REC_PROC_CNT + 1000, VERSION = VERSION + 1
     WHERE BATCH_NBR = 900000
"""


def run() -> dict[str, Any]:
    """Read RUNS runs of history into a database of its own, then make POLLS usual polls.

    `own` is our work alone: storing, judging, telling pages. `read` is the reader's process, from
    its start to the last row, against CC&B's tables on the same server.

    :raises Unavailable: when the role of DATABASE_URL may not make databases.
    """
    with scratch_database("poll"), _ccb():
        load_first_data()
        first_read_s, first_own_s = _poll(runs=RUNS)
        _execute(START_SQL, runs=AT_WORK)
        usual = [_usual_poll() for _ in range(POLLS)]
    own_ms = [own_s * 1000 for _, own_s in usual]
    return {
        "history_runs": RUNS,
        "history_read_s": round(first_read_s, 2),
        "history_own_s": round(first_own_s, 2),
        "history_s": round(first_read_s + first_own_s, 2),
        "usual_polls": POLLS,
        "usual_runs_at_work": AT_WORK,
        "usual_read_median_ms": round(median(read_s for read_s, _ in usual) * 1000),
        "usual_own_median_ms": round(median(own_ms)),
        "usual_own_p95_ms": round(quantiles(own_ms, n=20)[-1]),
    }


def _usual_poll() -> tuple[float, float]:
    _execute(COMMIT_SQL)
    return _poll(runs=AT_WORK)


def _poll(*, runs: int) -> tuple[float, float]:
    """Make one poll, which must change `runs` runs; return the seconds of reading and our own."""
    asked = Asked(None, "system:bench", database_now())
    snapshot, read_s = _timed(lambda: polling.read(asked))
    poll, own_s = _timed(lambda: _store(snapshot, asked))
    if poll.runs_changed != runs:
        raise RuntimeError(f"The poll changed {poll.runs_changed} runs, not {runs}.")
    return read_s, own_s


def _store(snapshot: Snapshot, asked: Asked) -> Poll:
    poll = polling.store(snapshot, asked)
    polling.judge_source(database_now())
    return poll


def _timed(call: Callable[[], Found]) -> tuple[Found, float]:
    begun = time.perf_counter()
    found = call()
    return found, time.perf_counter() - begun


@contextmanager
def _ccb() -> Iterator[None]:
    """Make CC&B's tables beside ours, full of history, and let the reader find them."""
    own = connection.settings_dict
    host = own["HOST"] or own["OPTIONS"].get("host", "localhost")
    secret = f":{quote(own['PASSWORD'], safe='')}" if own["PASSWORD"] else ""
    place = f"{own['NAME']}?host={quote(host, safe='')}&port={own['PORT'] or 5432}"
    with override_settings(
        CCB_URL=f"postgresql://{quote(own['USER'])}{secret}@/{place}",
        CCB_SCHEMA=SCHEMA,
        CCB_CLOCK_SPEED=1,
        CCB_DEADLINE=timedelta(minutes=5),
    ):
        _execute(f"CREATE SCHEMA {SCHEMA}")
        _execute(store.SCHEMA_FILE.read_text(encoding="utf-8"))
        _execute(FILL_SQL.read_text(encoding="utf-8").replace(":runs", str(RUNS)))
        yield


def _execute(text: str, **binds: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('search_path', %s, false)", [SCHEMA])
        cursor.execute("SELECT set_config('TimeZone', %s, false)", [settings.SITE_TIME_ZONE])
        cursor.execute("SELECT set_config('statement_timeout', '0', false)")
        cursor.execute(text, binds or None)
        cursor.execute("RESET search_path")
        cursor.execute("SET TIME ZONE 'UTC'")


BENCH = Bench("poll", f"seconds a first reading of {RUNS:,} runs takes, and a usual poll", run)
