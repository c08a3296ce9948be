"""Measure; each bench is one module here with a BENCH that says what it measures."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any


@dataclass(frozen=True, slots=True)
class Bench:
    """One measurement: `run` takes the time it takes and returns figures by name with unit."""

    name: str
    what: str
    run: Callable[[], dict[str, Any]]


def registered() -> dict[str, Bench]:
    """Return every bench by name."""
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
    benches: list[Bench] = [module.BENCH for module in modules]
    return {bench.name: bench for bench in benches}
