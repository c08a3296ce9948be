"""Share a flag between processes without a lock that a killed one could keep."""

import os
import select


class Flag:
    """A flag that is raised once and stays up, for this process and all forked from it.

    multiprocessing.Event waits, while it is set, for every process that was waiting on it; one
    of them killed means for ever. Here a byte in a pipe that nobody reads is the flag.
    """

    def __init__(self) -> None:
        self._read_end, self._write_end = os.pipe()

    def set(self) -> None:
        """Raise the flag; raising it twice is the same as once. Safe in a signal handler."""
        if not self.is_set():
            os.write(self._write_end, b"1")

    def is_set(self) -> bool:
        """Return whether the flag is up."""
        return self.wait(0)

    def wait(self, timeout_s: float) -> bool:
        """Wait until the flag is up, at most `timeout_s` seconds; return whether it is."""
        poll = select.poll()
        poll.register(self._read_end, select.POLLIN)
        return bool(poll.poll(timeout_s * 1000))
