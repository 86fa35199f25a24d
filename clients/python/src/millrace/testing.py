"""For tests of tasks: runs the function of a task without a service and a worker."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

from ._json import decode, encode
from .worker.current import CurrentJob, as_current
from .worker.leases import Leases


class _NoLeases(Leases):
    """A job in a test has no lease: its reports stay in it."""

    def __init__(self) -> None:
        pass


class JobInTest(CurrentJob):
    """What `current_job()` gives in a test. It keeps what the task reports."""

    def __init__(self, leased: Mapping[str, Any]) -> None:
        super().__init__(leased, lease="test", leases=_NoLeases())
        # What the task reported, the first report first. Each is a copy, as JSON keeps it.
        self.progress_reports: List[Any] = []
        # Level and message of each line.
        self.log_lines: List[Tuple[str, str]] = []

    def progress(self, progress: Any) -> None:
        self.progress_reports.append(_copy(progress, "progress"))

    def log(self, message: str, level: str = "info") -> None:
        self.log_lines.append((str(level), str(message)))

    def save(self, checkpoint: Any) -> None:
        self.checkpoint = _copy(checkpoint, "checkpoint")

    def cancel(self) -> None:
        """Tells the task to stop, as a worker does after a cancel: `check` and `sleep` raise JobCancelled."""
        self.stop()


@contextmanager
def job_in_test(
    *,
    attempt: int = 1,
    max_attempts: int = 3,
    checkpoint: Any = None,
    key: Optional[str] = None,
    metadata: Optional[Dict[str, str]] = None,
) -> Iterator[JobInTest]:
    """
    Within it `current_job()` is the job that it gives: `with job_in_test(attempt=2) as job: resize.fn(640)`.
    @param checkpoint: what an earlier attempt left with `save`.
    """
    leased = {
        "id": "test~1",
        "queue": "test",
        "task": "test",
        "attempt": attempt,
        "maxAttempts": max_attempts,
        "checkpoint": _copy(checkpoint, "checkpoint"),
        "key": key,
        "metadata": metadata,
    }
    job = JobInTest(leased)
    with as_current(job):
        yield job


def _copy(value: Any, name: str) -> Any:
    """@raise NotJson: JSON cannot hold it."""
    return decode(encode(value, name))
