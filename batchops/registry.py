"""Know things by their names, and import what registers them only when somebody looks for one."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, MutableMapping
from typing import TypeVar

Thing = TypeVar("Thing")
Fill = Callable[[], None]
_fills: defaultdict[str, list[Fill]] = defaultdict(list)
# One for all, for a fill may come to import the module of another registry.
_lock = threading.RLock()


def fill(name: str, *fills: Fill) -> None:
    """Let functions, which import and register, be called before the first look into a registry.

    Apps call this from `AppConfig.ready()`, so that starting a process imports only what that
    process comes to use. The functions may set things in registries, and look into none.
    """
    _fills[name].extend(fills)


def load() -> None:
    """Fill every registry now, for a process whose forks then share what that took."""
    for waiting in list(_fills.values()):
        _call(waiting)


class Registry(MutableMapping[str, Thing]):
    """Things by name; the registry's own name is that of its module."""

    def __init__(self, name: str) -> None:
        self._things: dict[str, Thing] = {}
        self._waiting = _fills[name]

    def __setitem__(self, name: str, thing: Thing) -> None:
        self._things[name] = thing

    def __delitem__(self, name: str) -> None:
        del self._filled()[name]

    def __getitem__(self, name: str) -> Thing:
        return self._filled()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._filled())

    def __len__(self) -> int:
        return len(self._filled())

    def _filled(self) -> dict[str, Thing]:
        if self._waiting:
            _call(self._waiting)
        return self._things


def _call(waiting: list[Fill]) -> None:
    with _lock:  # another thread that comes meanwhile waits until all is there
        while waiting:
            waiting[0]()
            del waiting[0]
