"""Stop the house in order when the process that runs it has gone, however it went.

`manage.py up` starts this with the read end of a pipe as standard input and keeps the write end;
the end of the file is the sign. It sits in a session of its own, out of reach of a signal to
the terminal's processes, and holds the lock on the data folder until everything has stopped.
"""

import os
import signal
import sys
import time
from pathlib import Path

from batchops.house.places import remove
from batchops.house.processes import marked, stop_house


def main() -> None:
    """Wait for the end of standard input, then stop everything that belongs to the folder."""
    data_dir, temporary = Path(sys.argv[1]), "--temporary" in sys.argv[2:]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(0, 1024):
        pass
    left = len(marked(data_dir))
    began_at = time.monotonic()
    stop_house(data_dir)
    if left:
        took_s = time.monotonic() - began_at
        sys.stderr.write(f"Stopped {left} processes that `up` left behind, in {took_s:.1f} s.\n")
    if temporary:
        remove(data_dir)


if __name__ == "__main__":
    main()
