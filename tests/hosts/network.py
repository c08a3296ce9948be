"""Lay out machines on one switch: network, processes, name and mounts of each are its own."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.embedded import ROOT

TOOLS = ("ip", "nsenter", "unshare", "setpriv", "hostname")
NAMESPACES = Path("/run/netns")
CLONE_NEWNET = 0x40000000
SUBNET = "10.78.0"
DESK = "desk"
_libc = ctypes.CDLL(None, use_errno=True)


class NotAllowed(Exception):
    """Say why this machine cannot be made to look like several."""


class Host:
    """One machine, by its name and its address; what runs on it dies with this process."""

    def __init__(self, network: Network, name: str, number: int) -> None:
        self.name = name
        self.address = f"{SUBNET}.{number}"
        self.mac = f"02:00:00:00:00:{number:02x}"
        self.space = f"{network.prefix}-{name}"
        self._network = network
        self._running: list[subprocess.Popen[bytes]] = []

    def run(
        self, command: Sequence[str], *, log: Path, environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start a program here, as process 1 of its own, its output appended to `log`.

        Killing what is returned is a power cut: nothing that it started outlives it.
        """
        inside = ["nsenter", f"--net={NAMESPACES / self.space}"]
        alone = ["unshare", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"]
        named = ["sh", "-c", 'hostname "$0" && exec "$@"', self.name]
        with log.open("ab") as output:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *inside, *alone, *named, *command],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**environment},
            )
        self._running.append(process)
        return process

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Let this thread, and those it starts, open its connections on this host."""
        with _inside(self.space):
            yield

    def cut_off(self) -> None:
        """Lose every packet from and to here without a word to anybody."""
        self._network.take_from_switch(self)

    def heal(self) -> None:
        """Let packets through again."""
        self._network.put_on_switch(self)

    def end(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()


class Network:
    """A switch with hosts on it, and a desk from which this process reaches them all."""

    def __init__(self, names: Sequence[str]) -> None:
        """Lay it out.

        :raises NotAllowed: where namespaces cannot be had; it says what is missing.
        """
        self.prefix = f"batchops{os.getpid()}"
        self._desk = f"{self.prefix}-{DESK}"
        _require_tools()
        _sweep()
        self.hosts = {name: Host(self, name, 10 + n) for n, name in enumerate(names)}
        try:
            self._make_desk()
            for host in self.hosts.values():
                self._add(host)
            self._introduce()
        except NotAllowed:
            self.remove()
            raise

    @contextmanager
    def at_desk(self) -> Iterator[None]:
        """Let this thread, and those it starts, speak from the desk instead of this machine."""
        with _inside(self._desk):
            yield

    def remove(self) -> None:
        """End every host, with all that runs on it."""
        for host in self.hosts.values():
            host.end()
        for space in [self._desk, *(host.space for host in self.hosts.values())]:
            with suppress(NotAllowed):
                _ip("netns", "del", space)

    def take_from_switch(self, host: Host) -> None:
        _ip("-n", self._desk, "link", "set", host.name, "nomaster")

    def put_on_switch(self, host: Host) -> None:
        _ip("-n", self._desk, "link", "set", host.name, "master", "switch")

    def _make_desk(self) -> None:
        _ip("netns", "add", self._desk)
        _batch(
            self._desk,
            [
                "link set lo up",
                "link add switch address 02:00:00:00:00:01 type bridge",
                f"addr add {SUBNET}.1/24 dev switch",
                "link set switch up",
            ],
        )

    def _add(self, host: Host) -> None:
        _ip("netns", "add", host.space)
        _batch(
            self._desk,
            [
                f"link add {host.name} type veth peer name eth0 netns {host.space}",
                f"link set {host.name} master switch up",
            ],
        )
        _batch(
            host.space,
            [
                "link set lo up",
                f"link set eth0 address {host.mac}",
                f"addr add {host.address}/24 dev eth0",
                "link set eth0 up",
            ],
        )

    def _introduce(self) -> None:
        """Tell all where all are, for one who asks in vain would learn that somebody is gone."""
        known = {host.address: host.mac for host in self.hosts.values()}
        known[f"{SUBNET}.1"] = "02:00:00:00:00:01"
        for host in self.hosts.values():
            _batch(host.space, _neighbours(known, own=host.address, device="eth0"))
        _batch(self._desk, _neighbours(known, own=f"{SUBNET}.1", device="switch"))


def _neighbours(known: Mapping[str, str], *, own: str, device: str) -> list[str]:
    return [
        f"neigh replace {address} lladdr {mac} dev {device} nud permanent"
        for address, mac in known.items()
        if address != own
    ]


def _require_tools() -> None:
    if os.geteuid() != 0:
        raise NotAllowed("Hosts in network namespaces need root; this is a normal user.")
    if missing := [tool for tool in TOOLS if shutil.which(tool) is None]:
        raise NotAllowed(f"Hosts in network namespaces need the programs {', '.join(missing)}.")


def _sweep() -> None:
    """Remove what runs that were killed have left."""
    for space in NAMESPACES.glob("batchops*-*"):
        owner = space.name.removeprefix("batchops").partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            _ip("netns", "del", space.name)


@contextmanager
def _inside(space: str) -> Iterator[None]:
    # Sockets stay where they were opened; files, unix sockets among them, are the same everywhere.
    with Path("/proc/thread-self/ns/net").open("rb") as own:
        _enter(NAMESPACES / space)
        try:
            yield
        finally:
            _libc.setns(own.fileno(), CLONE_NEWNET)


def _enter(space: Path) -> None:
    with space.open("rb") as found:
        if _libc.setns(found.fileno(), CLONE_NEWNET) != 0:
            raise NotAllowed(f"This machine forbids to enter {space}.")


def _batch(space: str, lines: Sequence[str]) -> None:
    _ip("-n", space, "-batch", "-", lines="\n".join(lines))


def _ip(*arguments: str, lines: str = "") -> None:
    done = subprocess.run(
        ["ip", *arguments], input=lines, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise NotAllowed(f"This machine forbids network namespaces: {done.stderr.strip()}")
