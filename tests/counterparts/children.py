"""Processes that must not outlive us.

Owns: tying children to our life, ending them, ending what they left behind.
Never: what the children do.
Read next: place.py.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
from pathlib import Path

#: How long a child may take to end before it is killed.
FAREWELL_S = 10

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


def adopt_orphans():
    """From now on processes that lose their parent below us become our children."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def tie_to(parent):
    """What a new child does first: it asks to be ended when `parent` (its number) ends."""

    def tie():
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return tie


def end(children):
    """SIGTERM to the group of each child in turn, SIGKILL after FAREWELL_S."""
    for child in children:
        if child.poll() is not None:
            continue
        _signal(os.killpg, child.pid, signal.SIGTERM)
        try:
            child.wait(FAREWELL_S)
        except subprocess.TimeoutExpired:
            _signal(os.killpg, child.pid, signal.SIGKILL)
            child.wait()


def end_orphans():
    """Kills what the children left behind: as their reaper we are its parent, so the numbers are surely ours."""
    while True:
        try:
            lists = [file.read_text().split() for file in Path("/proc/self/task").glob("*/children")]
        except OSError:
            return
        orphans = [int(pid) for pids in lists for pid in pids]
        if not orphans:
            return
        for pid in orphans:
            _signal(os.kill, pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _signal(send, number, what):
    with contextlib.suppress(ProcessLookupError, PermissionError):
        send(number, what)
