"""Jobs of a batch, and what became of each."""

from __future__ import annotations

from typing import Any, Iterable, List, Mapping, Tuple, Type, TypeVar, Union

from . import _options
from ._calls import Read
from .errors import ApiError
from .job import AsyncJob, Job

Kind = TypeVar("Kind", Job, AsyncJob)


def split(jobs: Iterable[Mapping[str, Any]], queue: str) -> List[Tuple[Mapping[str, Any], Any]]:
    """Members of each job without its payload, and its payload. @raise TypeError: there is no such option."""
    parts: List[Tuple[Mapping[str, Any], Any]] = []
    for job in jobs:
        given = dict(job)
        if "task" not in given:
            raise TypeError("Each job of a batch is a dict with a `task`.")
        task, payload = given.pop("task"), given.pop("payload", None)
        parts.append(({"task": task, "queue": queue, **_options.options(given)}, payload))
    return parts


def outcome_of(
    kind: Type[Kind], queue: Any, job: Mapping[str, Any], outcome: Mapping[str, Any]
) -> Union[Kind, ApiError]:
    """What was submitted, under the id that the service gave it; or why it was refused."""
    if "problem" in outcome:
        return ApiError(outcome["status"], outcome["problem"])
    job_id = outcome["id"]
    return kind(queue, job_id, Read({**job, "id": job_id, "status": "queued", "attempt": 0}))
