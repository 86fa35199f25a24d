"""What the client raises. Each message says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional

if TYPE_CHECKING:
    from .job import JobView


class MillraceError(Exception):
    """Base of all errors of this package."""


class Unreachable(MillraceError):
    """No answer came from the service: it does not run, or the address is wrong."""


class NotJson(MillraceError, ValueError):
    """A payload or a result has a value that JSON cannot hold."""


class ApiError(MillraceError):
    """The service refused a request (RFC 9457). Programs look at `code`; people read `detail`."""

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after: Optional[float] = None) -> None:
        self.status = status
        self.problem: Dict[str, Any] = dict(problem)
        self.code = str(problem.get("code", "http-%d" % status))
        self.detail = str(problem.get("detail") or problem.get("title") or "The service gave no reason.")
        self.errors: List[Mapping[str, Any]] = list(problem.get("errors") or [])
        # Seconds, as the service asked for.
        self.retry_after = retry_after
        # By which the log of the service shows the request.
        self.request_id: Optional[str] = problem.get("requestId")
        # An earlier try of the request may have been carried out.
        self.is_repeated = False
        advice = " Set MILLRACE_KEY, or give TaskQueue(key=...)." if self.code in _OF_KEYS else ""
        places = "".join("\n  %s: %s" % (e.get("pointer"), e.get("detail")) for e in self.errors)
        super().__init__("%d %s: %s%s%s" % (status, self.code, self.detail, advice, places))


# Codes of a 401 of Millrace. That of a proxy has none of them.
_OF_KEYS = ("unauthorized", "access-ended")


class JobFailed(MillraceError):
    """The job ended without a result: it failed for good, expired or was cancelled. `job` has the whole."""

    def __init__(self, job: JobView) -> None:
        self.job = job
        error = job.error or {}
        name = error.get("name", "")
        why = ": %s%s" % (name + ": " if name else "", error.get("message", "")) if error else "."
        super().__init__("Job %s (%s) %s%s" % (job.id, job.task, _ENDS[job.last_status], why))


_ENDS = {
    "failed": "failed",
    "cancelled": "was cancelled",
    "expired": "expired before it started",
}


class NotRead(MillraceError):
    """The job was named by its id alone, or by a batch or an event: the service has not shown what is asked for."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__("Job %s was not read yet. Call refresh() first." % job_id)


class WaitTimeout(MillraceError, TimeoutError):
    """The job has not ended in time. It goes on: wait again, or read it later by its id."""

    def __init__(self, job_id: str, seconds: float) -> None:
        self.job_id = job_id
        super().__init__(
            "Job %s has not ended within %g s. It goes on: wait again, or with a longer `timeout`. "
            "If it does not start, see whether a worker serves its queue." % (job_id, seconds)
        )


class JobCancelled(Exception):
    """Raised inside a task: the job was cancelled or timed out, or its lease was lost. Clean up and let it pass."""


class NoRetry(Exception):
    """Raised by a task: the job fails at once, without further attempts."""

    retryable = False


class RetryIn(Exception):
    """Raised by a task: this attempt failed, and the next one starts after `seconds`."""

    def __init__(self, seconds: float, message: str = "The task asked for another attempt.") -> None:
        self.retry_in = seconds
        super().__init__(message)
