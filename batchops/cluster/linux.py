"""Ask the Linux kernel for what Python has no word for: a name, and word of a parent's death."""

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
_libc = ctypes.CDLL(None, use_errno=True)


def name_process(name: str) -> None:
    """Show `name`, of at most 15 characters, as this process's name in `ps -o comm` and `top`."""
    _libc.prctl(PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def signal_me_when_parent_dies(signum: signal.Signals, *, parent: int) -> None:
    """Have the kernel send `signum` to this process when its parent, process `parent`, ends."""
    _libc.prctl(PR_SET_PDEATHSIG, int(signum), 0, 0, 0)
    if os.getppid() != parent:  # it died between the fork and the line above
        os.kill(os.getpid(), signum)
