"""The workers that `TaskQueue.run` starts: a supervisor of its own, beside the program."""

from __future__ import annotations

import atexit
import os
import select
import signal
import sys
from typing import Any

from ..base import BaseQueue
from .child import end_process
from .limits import Limits
from .supervisor import Supervisor, can_fork

# What the jobs may take that run when the program ends them.
_GRACE_S = 3600.0
# The longest wait for the first process: the service may be away.
_READY_S = 5.0


class RunningWorkers:
    """@raise RuntimeError: this system has no fork."""

    def __init__(self, queue: BaseQueue[Any], processes: int, concurrency: int) -> None:
        if not can_fork():
            raise RuntimeError("run() needs a system with fork. Use `python -m millrace work module:queue`.")
        read_end, write_end = os.pipe()
        is_ready, ready = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self._owner = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            code = 1
            try:
                os.close(write_end)
                os.close(is_ready)
                limits = Limits(concurrency, _GRACE_S)
                code = Supervisor(lambda: queue, processes, limits, read_end, ready).run()
            finally:
                end_process(code)
        os.close(read_end)
        os.close(ready)
        self._pipe = write_end
        atexit.register(self.stop)
        try:
            # The service could refuse a job of a task that it does not know yet.
            first = select.poll()
            first.register(is_ready, select.POLLIN)
            first.poll(_READY_S * 1000)
        finally:
            os.close(is_ready)

    def stop(self) -> None:
        """Ends the workers, and waits until they have finished the jobs that they run."""
        if self._pid == 0 or os.getpid() != self._owner:
            return
        pid, self._pid = self._pid, 0
        atexit.unregister(self.stop)
        try:
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass  # It has ended, and somebody else has heard of it.
        os.close(self._pipe)
