"""Play a CC&B that does not exist: its tables, 400 days of history and today, moving."""

from batchops.ccb.simulator.play import Simulator

__all__ = ["Simulator"]
