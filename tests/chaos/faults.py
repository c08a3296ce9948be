"""Break parts of a site, each in one way, and say after how long and by what it is mended."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psutil

from tests.chaos import clock
from tests.chaos.proxy import Proxy
from tests.faults.site import Site

if TYPE_CHECKING:
    from tests.chaos.apart import ApartSite

ROLES = ("worker", "worker", "worker", "monitor", "pusher", "sentinel", "main")
FREEZE_S = 3.5  # longer than the lease of jobs
LISTENERS_SQL = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
     WHERE application_name = 'batchops live'
"""
SESSION_SQL = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
     ORDER BY md5(pid::text || %s) LIMIT 1
"""


class Mend(NamedTuple):
    """What makes a fault end, and after how many seconds."""

    after_s: float
    act: Callable[[], None]


def kill_web(site: Site, chance: random.Random) -> None:
    _hurt(site.up.service("web"), signal.SIGKILL)


def kill_jobs(site: Site, chance: random.Random) -> None:
    _hurt(_one(site.cluster(chance.choice(ROLES)), chance), signal.SIGKILL)


def kill_watch(site: Site, chance: random.Random) -> None:
    _hurt(_one(site.cluster(chance.choice(ROLES), name="watch"), chance), signal.SIGKILL)


def kill_database(site: Site, chance: random.Random) -> None:
    _hurt(site.postmaster(), signal.SIGKILL)


def stop_database(site: Site, chance: random.Random) -> None:
    """Stop it at once, as `pg_ctl stop -m immediate` does."""
    _hurt(site.postmaster(), signal.SIGQUIT)


def kill_supervisor(site: Site, chance: random.Random) -> None:
    site.up.process.kill()
    site.up.process.wait()


def freeze(site: Site, chance: random.Random) -> Mend | None:
    """Stop one process where it stands, and let it go on not knowing how late it is."""
    parts = [site.cluster(chance.choice(ROLES)), site.cluster(chance.choice(ROLES), name="watch")]
    web = site.up.service("web")
    chosen = _one(chance.choice([parts[0], parts[0], parts[1], [web] if web else []]), chance)
    _hurt(chosen, signal.SIGSTOP)
    return Mend(FREEZE_S, lambda: _hurt(chosen, signal.SIGCONT)) if chosen else None


def drop_listen(site: Site, chance: random.Random) -> None:
    """End the sessions by which web servers hear of changes."""
    site.ask(LISTENERS_SQL)


def drop_session(site: Site, chance: random.Random) -> None:
    """End one session in the middle of whatever it does."""
    site.ask(SESSION_SQL, str(chance.random()))


def crowd_out(site: Site, chance: random.Random) -> Mend:
    """Leave the site no connection to its database."""
    held = site.take_all_connections()

    def leave() -> None:
        for one in held:
            one.close()

    return Mend(chance.uniform(1, 4), leave)


def shift_clock(site: Site, chance: random.Random) -> Mend:
    """Let the clock of our processes be hours off, and right again."""
    file = site.data_dir / clock.FILE_NAME
    _write(file, str(chance.choice([-7200, -90, 90, 7200])))
    return Mend(3, lambda: _write(file, "0"))


def fill_disk(site: ApartSite, chance: random.Random) -> Mend:
    site.fill_disk()
    return Mend(chance.uniform(1, 4), site.free_disk)


def cut(site: ApartSite, chance: random.Random) -> None:
    """Reset some or all lines to one of the peers."""
    _peer(site, chance).cut(chance, share=chance.choice([0.3, 1]))


def silence(site: ApartSite, chance: random.Random) -> Mend:
    """Let a peer take everything and answer nothing: a half-open line, a server that hangs."""
    peer = _peer(site, chance)
    peer.silence()
    return Mend(chance.uniform(1, 6), peer.mend)


def slow_down(site: ApartSite, chance: random.Random) -> Mend:
    peer = _peer(site, chance)
    peer.delay_s = chance.choice([0.02, 0.1])
    return Mend(2, peer.mend)


def refuse(site: ApartSite, chance: random.Random) -> Mend:
    peer = _peer(site, chance)
    peer.close()
    return Mend(chance.uniform(1, 4), peer.mend)


Fault = Callable[[Any, random.Random], Mend | None]
# What can be done to any site.
EVERYWHERE: dict[str, Fault] = {
    "kill web": kill_web,
    "kill jobs": kill_jobs,
    "kill watch": kill_watch,
    "kill database": kill_database,
    "stop database": stop_database,
    "kill supervisor": kill_supervisor,
    "freeze": freeze,
    "drop LISTEN": drop_listen,
    "drop session": drop_session,
    "crowd out": crowd_out,
    "shift clock": shift_clock,
}
# What takes a network and a disk of one's own.
APART: dict[str, Fault] = {
    "fill disk": fill_disk,
    "cut": cut,
    "silence": silence,
    "slow down": slow_down,
    "refuse": refuse,
}


def _peer(site: ApartSite, chance: random.Random) -> Proxy:
    return chance.choice([site.to_database, site.to_database, site.to_ccb, site.to_mail])


def _one(processes: list[psutil.Process], chance: random.Random) -> psutil.Process | None:
    return chance.choice(processes) if processes else None


def _hurt(process: psutil.Process | None, how: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        if process is not None:
            process.send_signal(how)


def _write(file: Path, text: str) -> None:
    with suppress(OSError):  # on a full disk it stays as it is
        file.write_text(text)
