"""
The client of Millrace, a job service. `TaskQueue` submits jobs and waits for them, `python -m millrace work` runs them.

"""

from ._json import LargeInt
from ._loading import LoadError
from .base import Task
from ._streams import EventStream
from .errors import (
    ApiError,
    JobCancelled,
    JobFailed,
    MillraceError,
    NoRetry,
    NotJson,
    NotRead,
    RetryIn,
    Unreachable,
    WaitTimeout,
)
from .job import AsyncJob, Job
from .queue import AsyncTaskQueue, TaskQueue
from .worker.current import CurrentJob, current_job

__version__ = "0.1.0"

__all__ = [
    "ApiError",
    "AsyncJob",
    "AsyncTaskQueue",
    "CurrentJob",
    "EventStream",
    "Job",
    "JobCancelled",
    "JobFailed",
    "LargeInt",
    "LoadError",
    "MillraceError",
    "NoRetry",
    "NotJson",
    "NotRead",
    "RetryIn",
    "Task",
    "TaskQueue",
    "Unreachable",
    "WaitTimeout",
    "current_job",
]
