"""One attempt: calls the function of the task, stops it when the job is to stop, and says how it ended."""

from __future__ import annotations

import asyncio
import contextvars
import ctypes
import inspect
import math
import threading
import time
import traceback
from typing import Any, Callable, Dict, Mapping, Optional

from .._json import encode
from .._payload import Arguments
from ..errors import JobCancelled, NotJson
from ..base import Task
from .current import CurrentJob, set_current
from .leases import Leases, Outcome
from .say import failed_attempt, message_of

# A task that is told to stop has so many seconds to do so by itself; then JobCancelled is raised in its thread.
# The service gives the job of a silent worker away after ten.
RAISE_AFTER_S = 5.0
# A thread that is still busy then waits in code that is not Python: its process is replaced.
STUCK_AFTER_S = 15.0
_MOST_CAUSES = 5

RELEASE = Outcome("release")


class Attempt:
    """A job that this process holds."""

    def __init__(self, leased: Mapping[str, Any], lease: str, leases: Leases) -> None:
        self.job = CurrentJob(leased, lease, leases)
        self._lease_s = leases.lease_ms / 1000
        self._timeout_s = float(leased.get("timeoutMs", math.inf)) / 1000
        self._start = time.monotonic()
        self.renewed(self._start)
        # The service has said that the lease no longer holds the job, or it was given back: nothing may be reported.
        self.is_lost = False
        # What a heartbeat was answered when the lease no longer held the job.
        self.lost_by: Optional[Exception] = None
        self._told_at: Optional[float] = None
        self._lock = threading.Lock()
        self._is_calling = False
        self._was_raised = False
        self._thread_id = 0
        self._cancel_coroutine: Optional[Callable[[], Any]] = None

    def renewed(self, sent_at: float) -> None:
        """The service has renewed the lease, no sooner than it was asked to."""
        self._lease_end = sent_at + self._lease_s
        self.next_heartbeat = sent_at + self._lease_s / 3

    def outlasts_lease(self) -> bool:
        """Whether the task still runs although no heartbeat was answered for as long as the lease lasts."""
        with self._lock:
            return self._is_calling and not self.is_lost and time.monotonic() >= self._lease_end

    def is_late(self) -> bool:
        """Whether it has lasted longer than its timeout, so far."""
        return time.monotonic() - self._start >= self._timeout_s

    def late_failure(self) -> str:
        """The line about an attempt that the service has failed at its timeout."""
        error = TimeoutError("The attempt took longer than its timeout of %g s." % self._timeout_s)
        status = "failed" if self.job.is_last_attempt else "retrying"
        return failed_attempt(self.job, error, {"jobStatus": status})

    def stop(self, is_lost: bool = False) -> None:
        """Tells the task to stop. A coroutine is cancelled at once."""
        self.is_lost = self.is_lost or is_lost
        self.job.stop()
        with self._lock:
            if self._told_at is None:
                self._told_at = time.monotonic()
            if self._cancel_coroutine is not None and self._is_calling:
                self._cancel_coroutine()

    def press(self) -> bool:
        """Stops a task that does not stop by itself. Returns whether nothing helps."""
        with self._lock:
            if self._told_at is None or not self._is_calling:
                return False
            age = time.monotonic() - self._told_at
            if age > RAISE_AFTER_S and not self._was_raised:
                self._was_raised = True
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._thread_id), ctypes.py_object(JobCancelled)
                )
            return age > STUCK_AFTER_S

    def run(self, task: Task[Any]) -> Outcome:
        """Runs the task in this thread."""
        try:
            arguments = task.form.unpack(self.job.payload)
        except TypeError as error:
            return failure(error, retryable=False)
        try:
            try:
                result = self._call(task.fn, arguments)
            finally:
                with self._lock:
                    self._is_calling = False
            for _ in range(100):  # Lets an exception arrive that `press` has raised meanwhile.
                pass
        except BaseException as error:  # SystemExit of a task ends the task, not the worker.
            return failure(error)
        try:
            return Outcome("complete", b',"result":' + encode(result, "result"))
        except NotJson as error:
            return failure(error, retryable=False)

    def _call(self, function: Callable[..., Any], arguments: Arguments) -> Any:
        args, kwargs = arguments
        with self._lock:
            self._thread_id = threading.get_ident()
            self._is_calling = True
        # A context of its own: the next job of this thread sees nothing of this one.
        context = contextvars.copy_context()
        context.run(set_current, self.job)
        if inspect.iscoroutinefunction(function):
            return context.run(asyncio.run, self._await(function, arguments))
        return context.run(function, *args, **kwargs)

    async def _await(self, function: Callable[..., Any], arguments: Arguments) -> Any:
        loop = asyncio.get_running_loop()
        args, kwargs = arguments
        running: asyncio.Future[Any] = asyncio.ensure_future(function(*args, **kwargs))
        with self._lock:
            self._cancel_coroutine = lambda: loop.call_soon_threadsafe(running.cancel)
            if self._told_at is not None:
                running.cancel()
        try:
            return await running
        except asyncio.CancelledError:
            raise JobCancelled("The job is to stop.") from None
        finally:
            with self._lock:
                self._cancel_coroutine = None


def failure(error: BaseException, retryable: bool = True) -> Outcome:
    """The report of a failed attempt. Attributes of the exception count: `retryable` and `retry_in`, see NoRetry."""
    members: Dict[str, Any] = {"error": _described(error, _MOST_CAUSES)}
    if not retryable or getattr(error, "retryable", True) is False:
        members["retryable"] = False
    retry_in = getattr(error, "retry_in", None)
    if isinstance(retry_in, (int, float)) and math.isfinite(retry_in):
        members["retryInMs"] = max(0, round(retry_in * 1000))
    return Outcome("fail", b"," + encode(members, "error")[1:-1], error)


def _described(error: BaseException, causes: int) -> Dict[str, Any]:
    stack = "".join(traceback.format_exception(type(error), error, error.__traceback__, chain=False))
    described: Dict[str, Any] = {"name": type(error).__name__, "message": message_of(error), "stack": stack}
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and causes > 0:
        described["cause"] = _described(cause, causes - 1)
    return described
