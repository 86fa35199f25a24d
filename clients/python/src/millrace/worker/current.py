"""The job that a task works on: what `current_job()` gives."""

from __future__ import annotations

import contextvars
import threading
from typing import Any, Dict, List, Mapping, Optional

from ..errors import ApiError, JobCancelled, Unreachable
from .leases import Leases

# Lines of the log that wait to be sent; older ones go first.
_MOST_LINES = 1_000


class CurrentJob:
    """A job while a worker runs it."""

    def __init__(self, leased: Mapping[str, Any], lease: str, leases: Leases) -> None:
        self.id = str(leased["id"])
        self.queue = str(leased["queue"])
        self.task = str(leased["task"])
        self.payload = leased.get("payload")
        # Counted from 1.
        self.attempt = int(leased["attempt"])
        # A number, or "unlimited".
        self.max_attempts = leased["maxAttempts"]
        # What an earlier attempt left with `save`; None: nothing.
        self.checkpoint = leased.get("checkpoint")
        self.key: Optional[str] = leased.get("key")
        self.metadata: Mapping[str, str] = leased.get("metadata") or {}
        self.lease = lease
        self._leases = leases
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._unsent: Dict[str, Any] = {}
        self._lines: List[Dict[str, str]] = []

    @property
    def is_cancelled(self) -> bool:
        """The job is to stop: it was cancelled, timed out, or runs elsewhere now. A few seconds later it is stopped."""
        return self._stop.is_set()

    def check(self) -> None:
        """@raise JobCancelled: the job is to stop. Long loops call it now and then."""
        if self.is_cancelled:
            raise JobCancelled("The job is to stop.")

    def sleep(self, seconds: float) -> None:
        """As time.sleep, and ends early if the job is to stop. @raise JobCancelled."""
        self._stop.wait(seconds)
        self.check()

    def progress(self, progress: Any) -> None:
        """Shows how far the job is: any JSON. It is sent within a second, and only the last one counts."""
        with self._lock:
            self._unsent["progress"] = progress

    def log(self, message: str, level: str = "info") -> None:
        """Adds a line to the log of the job. It is sent within a second. @param level: debug, info, warn or error."""
        with self._lock:
            self._lines.append({"level": level, "message": str(message)})
            del self._lines[:-_MOST_LINES]

    def save(self, checkpoint: Any) -> None:
        """
        Keeps any JSON of at most 64 KiB for the next attempt, which gets it as `checkpoint`. None removes it.
        @raise ApiError: it is too large, or the job runs elsewhere. @raise Unreachable.
        """
        self._leases.report(self.id, "checkpoint", self.lease, checkpoint)
        self.checkpoint = checkpoint

    def send_reports(self) -> None:
        """Sends what was reported since the last time. Reports are for people: a lost one does no harm."""
        with self._lock:
            unsent, self._unsent = self._unsent, {}
            lines, self._lines = self._lines, []
        if lines:
            unsent["log"] = lines
        for member, value in unsent.items():
            try:
                self._leases.report(self.id, member, self.lease, value, is_urgent=True)
            except (ApiError, Unreachable, ValueError):
                return

    def stop(self) -> None:
        """Tells the task to stop."""
        self._stop.set()


_current: contextvars.ContextVar[CurrentJob] = contextvars.ContextVar("millrace_current_job")


def current_job() -> CurrentJob:
    """The job that this code works on. @raise RuntimeError: no worker runs this code."""
    job = _current.get(None)
    if job is None:
        raise RuntimeError("current_job() is for code that a worker runs, in the thread of the task.")
    return job


def set_current(job: CurrentJob) -> None:
    """For the thread that runs the job."""
    _current.set(job)
