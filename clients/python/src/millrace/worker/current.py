"""The job that a task works on: what `current_job()` gives."""

from __future__ import annotations

import contextlib
import contextvars
import threading
from collections import deque
from typing import Any, Deque, Iterator, List, Mapping, Optional

from .._json import encode
from ..errors import JobCancelled, MillraceError
from .leases import Leases, may_work_later

# What the service keeps of a log: lines, and bytes of them. More that wait are dropped, the oldest first.
_MOST_LINES = 1_000
_MOST_BYTES = 65_536
# Characters of a message, of which the service keeps the first 4,000 and marks the cut.
_MOST_MESSAGE = 4_001


class _LogLines:
    """JSON of lines that wait, as many as the service keeps."""

    def __init__(self) -> None:
        self._lines: Deque[bytes] = deque()
        self._size = 0

    def add(self, lines: List[bytes]) -> None:
        for line in lines:
            self._lines.append(line)
            self._size += len(line)
            while len(self._lines) > _MOST_LINES or self._size > _MOST_BYTES:
                self._size -= len(self._lines.popleft())

    def take(self) -> List[bytes]:
        lines = list(self._lines)
        self._lines.clear()
        self._size = 0
        return lines


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
        # One report at a time, so that lines which are sent again keep their order.
        self._sending = threading.Lock()
        # JSON of what was reported and is not sent.
        self._progress: Optional[bytes] = None
        self._lines = _LogLines()

    @property
    def is_cancelled(self) -> bool:
        """The job is to stop: it was cancelled, timed out, or runs elsewhere now. A few seconds later it is stopped."""
        return self._stop.is_set()

    @property
    def is_last_attempt(self) -> bool:
        """No other attempt follows if this one fails."""
        return isinstance(self.max_attempts, int) and self.attempt >= self.max_attempts

    def check(self) -> None:
        """@raise JobCancelled: the job is to stop. Long loops call it now and then."""
        if self.is_cancelled:
            raise JobCancelled("The job is to stop.")

    def sleep(self, seconds: float) -> None:
        """As time.sleep, and ends early if the job is to stop. @raise JobCancelled."""
        self._stop.wait(seconds)
        self.check()

    def progress(self, progress: Any) -> None:
        """
        Shows how far the job is: any JSON. It is sent within a second, and only the last one counts.
        @raise NotJson: JSON cannot hold it.
        """
        text = encode(progress, "progress")
        with self._lock:
            self._progress = text

    def log(self, message: str, level: str = "info") -> None:
        """
        Adds a line to the log of the job. It is sent within a second, or once the service is back.
        @param level: debug, info, warn or error.
        """
        line = encode({"level": str(level), "message": str(message)[:_MOST_MESSAGE]}, "log")
        with self._lock:
            self._lines.add([line])

    def save(self, checkpoint: Any) -> None:
        """
        Keeps any JSON of at most 64 KiB for the next attempt, which gets it as `checkpoint`. None removes it.
        @raise ApiError: it is too large, or the job runs elsewhere. @raise Unreachable.
        """
        self._leases.report(self.id, "checkpoint", self.lease, encode(checkpoint, "checkpoint"))
        self.checkpoint = checkpoint

    def send_reports(self) -> bool:
        """
        Sends what was reported since the last time. Lines of the log that the service does not take now are kept for the
        next time. Returns whether none is left.
        """
        with self._sending:
            with self._lock:
                lines = self._lines.take()
            if lines and not self._send("log", b"[" + b",".join(lines) + b"]"):
                with self._lock:
                    self._lines.add(lines + self._lines.take())
                return False
            with self._lock:
                progress, self._progress = self._progress, None
            # One that gets lost does no harm: the next one follows, or the outcome.
            if progress is not None:
                self._send("progress", progress)
            return True

    def _send(self, member: str, text: bytes) -> bool:
        """Returns False if the service may take the report later."""
        try:
            self._leases.report(self.id, member, self.lease, text, is_urgent=True)
        except MillraceError as error:
            return not may_work_later(error)
        return True

    def stop(self) -> None:
        """Tells the task to stop."""
        self._stop.set()


_current: contextvars.ContextVar[CurrentJob] = contextvars.ContextVar("millrace_current_job")


def current_job() -> CurrentJob:
    """The job that this code works on. @raise RuntimeError: no worker runs this code."""
    job = _current.get(None)
    if job is None:
        raise RuntimeError(
            "current_job() is for code that a worker runs, in the thread of the task. "
            "A test gives it a job with millrace.testing.job_in_test()."
        )
    return job


def set_current(job: CurrentJob) -> None:
    """For the thread that runs the job."""
    _current.set(job)


@contextlib.contextmanager
def as_current(job: CurrentJob) -> Iterator[None]:
    """Makes it the current job of the code within."""
    token = _current.set(job)
    try:
        yield
    finally:
        _current.reset(token)
