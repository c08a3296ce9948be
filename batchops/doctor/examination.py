"""Look at everything at once, each within its deadline, so that nothing keeps others waiting."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError, connections

from batchops.doctor import (
    of_clocks,
    of_clusters,
    of_database,
    of_disks,
    of_jobs,
    of_mail,
    of_messages,
    of_settings,
    of_source,
)
from batchops.doctor.findings import Found, Look, Mark, fail, warn
from batchops.errors import BatchOpsError
from batchops.texts import one_line, redacted

LONGEST = 600  # characters of a sentence
ASK_AGAIN = "Run this again; if it stays so, look for what slows the answer down."


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at, and how long that may take; most need the database."""

    name: str
    look: Look
    deadline_s: float = 8
    needs_database: bool = True


DATABASE = Check("database", of_database.look_at_server, needs_database=False)
# In the order in which an operator reads them.
CHECKS = (
    Check("settings", of_settings.look, needs_database=False),
    Check("rights", of_database.look_at_rights),
    Check("migrations", of_database.look_at_migrations),
    Check("clusters", of_clusters.look_at_clusters),
    Check("bells", of_clusters.look_at_bells),
    Check("web servers", of_clusters.look_at_web),
    Check("jobs", of_jobs.look_at_jobs),
    Check("schedules", of_jobs.look_at_schedules),
    Check("messages", of_messages.look),
    Check("mail server", of_mail.look, deadline_s=12, needs_database=False),
    Check("CC&B", of_source.look_at_readings),
    Check("CC&B now", of_source.look_now, deadline_s=15),
    Check("clocks", of_clocks.look),
    Check("disks", of_disks.look),
)


def examine() -> list[Found]:
    """Look at everything and return what was seen; takes no longer than two deadlines."""
    first = _Running(DATABASE)
    reachable = first.found()
    there = all(found.mark < Mark.FAIL for found in reachable)
    running = [_Running(check) for check in CHECKS if there or not check.needs_database]
    found = [*reachable, *(one for each in running for one in each.found())]
    if not there:
        skipped = ", ".join(check.name for check in CHECKS if check.needs_database)
        found.append(
            warn("the rest", f"Not looked at without a database: {skipped}.", "Run this again.")
        )
    return [_harmless(one) for one in found]


class _Running:
    """A check that is under way in a thread of its own, which is left behind if it hangs."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._found: Sequence[Found] | None = None
        self._until = time.monotonic() + check.deadline_s
        self._thread = threading.Thread(target=self._run, name=check.name, daemon=True)
        self._thread.start()

    def found(self) -> Sequence[Found]:
        self._thread.join(max(0.0, self._until - time.monotonic()))
        if self._found is None:
            seen = f"No answer within {self._check.deadline_s:g} s."
            return [fail(self._check.name, seen, ASK_AGAIN)]
        return self._found

    def _run(self) -> None:
        try:
            self._found = self._check.look()
        except BatchOpsError as error:
            self._found = [fail(self._check.name, error.message, ASK_AGAIN)]
        except (DatabaseError, InterfaceError) as error:
            remedy = "Check DATABASE_URL and that PostgreSQL runs."
            self._found = [fail(self._check.name, f"The database says: {error}", remedy)]
        except Exception as error:  # noqa: BLE001 (whatever is broken is what is looked for)
            seen = f"Could not be looked at: {type(error).__name__}: {error}"
            self._found = [fail(self._check.name, seen, "Tell whoever maintains BatchOps.")]
        finally:
            connections.close_all()


def _harmless(found: Found) -> Found:
    seen, remedy = (one_line(redacted(text), LONGEST) for text in (found.seen, found.remedy))
    return Found(found.subject, found.mark, seen, remedy)
