"""The parent of worker processes: starts them, replaces those that die, and ends them on a signal."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
import traceback
from typing import Callable, Dict, NamedTuple, Optional, Set

from .child import DRAIN, END, UNUSABLE, Load, end_process, run_child
from .held import HeldLeases
from .limits import Limits
from .process import DONE, REFUSED, REPLACE
from .say import say

_LOOK_S = 0.05
# A process that lived shorter has a fault: the next one waits, twice as long each time.
_SHORT_LIFE_S = 10.0
_LONGEST_WAIT_S = 30.0
# Seconds beyond the grace of a drain, after which a child is killed.
_LATE_S = 10.0


class Child(NamedTuple):
    pid: int
    # The write end of its pipe.
    pipe: int
    started: float
    leases: HeldLeases


class Supervisor:
    """
    Keeps `processes` children running. SIGTERM and SIGINT drain them; a second signal ends them at once.
    @param parent: the read end of a pipe; its end drains, too. @param ready: see WorkerProcess.
    """

    def __init__(
        self,
        load: Load,
        processes: int,
        limits: Limits,
        parent: Optional[int] = None,
        ready: Optional[int] = None,
    ) -> None:
        self._load = load
        self._processes = processes
        self._limits = limits
        self._parent = parent
        self._ready = ready
        self._children: Dict[int, Child] = {}
        # Processes that end the leases of dead children.
        self._enders: Set[int] = set()
        self._signals = 0
        self._code = 0
        self._is_stopping = False
        self._kill_at = float("inf")
        self._short_lives = 0
        self._next_start = 0.0

    def run(self) -> int:
        """@return the exit code."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        heard = 0
        while not self._is_stopping or self._children or self._enders:
            self._start_missing()
            if self._signals > heard or (heard == 0 and self._has_lost_parent()):
                self._signals = max(1, self._signals)
                self._tell(DRAIN if heard == 0 else END)
                heard += 1
            self._collect()
            if time.monotonic() > self._kill_at:
                self._kill()
            time.sleep(_LOOK_S)
        return self._code

    def _has_lost_parent(self) -> bool:
        return self._parent is not None and bool(select.select([self._parent], [], [], 0)[0])

    def _on_signal(self, *_: object) -> None:
        self._signals += 1

    def _start_missing(self) -> None:
        while (
            not self._is_stopping
            and self._signals == 0
            and len(self._children) < self._processes
            and time.monotonic() >= self._next_start
        ):
            self._start_child()

    def _start_child(self) -> None:
        # A thread may hold the next job while the one before still counts.
        leases = HeldLeases(2 * self._limits.concurrency)
        read_end, write_end = os.pipe()

        def run() -> int:
            os.close(write_end)
            return run_child(self._load, read_end, self._limits, self._ready, leases)

        pid = self._fork(run)
        os.close(read_end)
        self._children[pid] = Child(pid, write_end, time.monotonic(), leases)

    def _fork(self, run: Callable[[], int]) -> int:
        """Runs the function in a child, whose exit code it gives. @return the id of the process."""
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid != 0:
            return pid
        code = 1
        try:
            # A process that holds the write end of a pipe keeps the child behind it running.
            for other in self._children.values():
                os.close(other.pipe)
            if self._parent is not None:
                os.close(self._parent)
            code = run()
        except BaseException:
            traceback.print_exc()
        finally:
            end_process(code)
        raise AssertionError("unreachable")

    def _tell(self, command: bytes) -> None:
        self._is_stopping = True
        self._kill_at = time.monotonic() + _LATE_S + (self._limits.grace_s if command == DRAIN else 0)
        for child in self._children.values():
            try:
                os.write(child.pipe, command)
            except OSError:
                pass  # It has just ended.

    def _collect(self) -> None:
        for pid in list(self._children):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended == 0:
                continue
            child = self._children.pop(pid)
            os.close(child.pipe)
            count = self._end_leases(child)
            self._judge(child, os.waitstatus_to_exitcode(status), count)
        for pid in list(self._enders):
            if os.waitpid(pid, os.WNOHANG)[0] != 0:
                self._enders.discard(pid)

    def _end_leases(self, child: Child) -> int:
        """Lets the jobs of a dead child run elsewhere. @return how many there are."""
        count = len(child.leases.left())
        if count > 0:
            self._enders.add(self._fork(child.leases.end_all))
        child.leases.close()
        return count

    def _judge(self, child: Child, code: int, count: int) -> None:
        """Replaces the child, or ends when another one would fare no better. @param count: jobs that it held."""
        if self._is_stopping:
            self._code = self._code or (1 if code not in (DONE, REPLACE) else 0)
        elif code == DONE:  # The service has drained that process.
            self._processes -= 1
            self._is_stopping = self._processes == 0
        elif code in (REFUSED, UNUSABLE):
            self._code = 1 if code == REFUSED else 2
            self._tell(DRAIN)
        else:
            how = "signal %d" % -code if code < 0 else "exit code %d" % code
            jobs = "" if count == 0 else " Its jobs (%d) run again." % count
            say("process %d has ended (%s); another one takes its place.%s" % (child.pid, how, jobs))
            is_short = time.monotonic() - child.started < _SHORT_LIFE_S and code != REPLACE
            self._short_lives = self._short_lives + 1 if is_short else 0
            wait = min(_LONGEST_WAIT_S, 0.25 * 2**self._short_lives) if self._short_lives > 1 else 0.0
            self._next_start = time.monotonic() + wait

    def _kill(self) -> None:
        for pid in list(self._children):
            say("process %d does not end in time: it is killed." % pid)
            os.kill(pid, signal.SIGKILL)
        for pid in self._enders:
            os.kill(pid, signal.SIGKILL)
        self._kill_at = float("inf")


def can_fork() -> bool:
    return hasattr(os, "fork") and sys.platform != "win32"
