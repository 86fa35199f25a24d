"""Queues: for programs with threads, and for asyncio."""

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    Any,
    AsyncIterator,
    Coroutine,
    Iterable,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Union,
)

from . import _calls
from ._aio import AsyncTransport
from ._batch import outcome_of, split
from ._events import RECONNECT_FOR_S, Message, queue_events
from ._http import Transport
from ._loading import is_loading
from ._streams import EventStream, follow
from .base import BaseQueue
from .errors import ApiError
from .job import AsyncJob, Job

if TYPE_CHECKING:
    from ._request import Call
    from .worker.running import RunningWorkers


class TaskQueue(BaseQueue[Job]):
    """A queue for programs with threads. Its connections are kept; threads may share it, and forked processes, too."""

    def __init__(
        self,
        name: str = "default",
        *,
        url: Optional[str] = None,
        key: Optional[str] = None,
        tries: Optional[int] = None,
    ) -> None:
        super().__init__(name, url=url, key=key, tries=tries)
        self._transport = Transport(self.address)
        self._workers: Optional[RunningWorkers] = None

    def submit_many(self, jobs: Iterable[Mapping[str, Any]], atomic: bool = False) -> List[Union[Job, ApiError]]:
        """
        Submits up to 10,000 jobs, each a dict with `task`, `payload` and the options of `submit`. Returns a Job for
        each, in their order, or the ApiError that says why it was refused. With `atomic` all are stored or none.
        """
        if is_loading("submit jobs"):
            return []
        parts = split(jobs, self.name)
        outcomes = self._run(_calls.submit_many(self.address, parts, atomic))
        return [outcome_of(Job, self, job, outcome) for (job, _), outcome in zip(parts, outcomes)]

    def get(self, job_id: str) -> Job:
        """Reads a job by its id, of whatever queue. @raise ApiError."""
        return self.job(job_id).refresh()

    def job(self, job_id: str) -> Job:
        """A job by its id, of whatever queue, without reading it: to cancel it, to wait for it."""
        return Job(self, job_id)

    def preview_schedule(self, of: Union[str, Mapping[str, Any]], n: Optional[int] = None) -> List[str]:
        """
        The next times of a schedule, or of a definition that is not stored, such as `{"cron": "30 2 * * *"}`: texts of
        RFC 3339. @param n: the most times, default 10.
        """
        times: List[str] = self._run(_calls.preview(self.address, of, n))
        return times

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Optional[Mapping[str, Any]] = None,
        headers: Optional[Mapping[str, str]] = None,
    ) -> Any:
        """
        Any request of docs/reference/api.md: `request("POST", "/queues/img/pause")`. Returns the JSON of the answer. A POST is
        repeated only if it cannot have been carried out, or has an Idempotency-Key. @raise ApiError.
        """
        return self._run(_calls.request(self.address, method, path, body, query, headers or {}))

    def pages(self, path: str, query: Optional[Mapping[str, Any]] = None) -> Iterator[Any]:
        """The items of a list of docs/reference/api.md, page after page: `pages("/queues/img/jobs", {"status": "failed"})`."""
        cursor: Optional[str] = None
        while True:
            page = self.request("GET", path, query={**(query or {}), "cursor": cursor})
            yield from page["items"]
            cursor = page.get("nextCursor")
            if cursor is None:
                return

    def events(
        self,
        types: Optional[Sequence[str]] = None,
        last_event_id: Optional[str] = None,
        reconnect_for: float = RECONNECT_FOR_S,
        all_queues: bool = False,
    ) -> EventStream:
        """
        The events of this queue as they happen, without an end: dicts with `type`, `id`, `job` ... as
        docs/how-to/events.md has them. It goes on over restarts of the service. A message `reset` says that events may
        be missing. @param last_event_id: goes on after that event; "0-0": begins with the oldest one that is kept.
        @param reconnect_for: seconds to try again after a break. @param all_queues: those of all queues.
        """
        following = queue_events(None if all_queues else self.name, types, last_event_id, reconnect_for)
        return EventStream(self._transport, following)

    def run(self, nworkers: int = 1, *, concurrency: int = 1) -> None:
        """
        Starts worker processes for the tasks of this queue, and returns once one of them takes jobs, or after five
        seconds without the service. `shutdown` stops them; so does the end of this program. Not on Windows: use `python -m millrace work` there.
        """
        if is_loading("run workers"):
            return
        from .worker.running import RunningWorkers

        if self._workers is not None:
            raise RuntimeError("The workers run already. Call shutdown() first.")
        self._workers = RunningWorkers(self, nworkers, concurrency)

    def shutdown(self) -> None:
        """Stops the workers of `run`: they finish the jobs that they have, and end."""
        if self._workers is None:
            raise RuntimeError("No workers run. Call run() first.")
        workers, self._workers = self._workers, None
        workers.stop()

    def close(self) -> None:
        """Closes idle connections. The queue can still be used."""
        self._transport.close()

    def _submit(self, call: Call) -> Job:
        return Job.of(self, self._run(call))

    def _run(self, call: Call) -> Any:
        return self._transport.run(call)


class AsyncTaskQueue(BaseQueue[Coroutine[Any, Any, AsyncJob]]):
    """A queue for asyncio: `job = await fib(100000)` submits, and `await job` waits for the result."""

    def __init__(
        self,
        name: str = "default",
        *,
        url: Optional[str] = None,
        key: Optional[str] = None,
        tries: Optional[int] = None,
    ) -> None:
        super().__init__(name, url=url, key=key, tries=tries)
        self._transport = AsyncTransport(self.address)

    async def submit_many(
        self, jobs: Iterable[Mapping[str, Any]], atomic: bool = False
    ) -> List[Union[AsyncJob, ApiError]]:
        """As `TaskQueue.submit_many`."""
        parts = split(jobs, self.name)
        outcomes = await self._run(_calls.submit_many(self.address, parts, atomic))
        return [outcome_of(AsyncJob, self, job, outcome) for (job, _), outcome in zip(parts, outcomes)]

    async def get(self, job_id: str) -> AsyncJob:
        """As `TaskQueue.get`."""
        return await self.job(job_id).refresh()

    def job(self, job_id: str) -> AsyncJob:
        """As `TaskQueue.job`."""
        return AsyncJob(self, job_id)

    async def preview_schedule(self, of: Union[str, Mapping[str, Any]], n: Optional[int] = None) -> List[str]:
        """As `TaskQueue.preview_schedule`."""
        times: List[str] = await self._run(_calls.preview(self.address, of, n))
        return times

    async def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Optional[Mapping[str, Any]] = None,
        headers: Optional[Mapping[str, str]] = None,
    ) -> Any:
        """As `TaskQueue.request`."""
        return await self._run(_calls.request(self.address, method, path, body, query, headers or {}))

    async def pages(self, path: str, query: Optional[Mapping[str, Any]] = None) -> AsyncIterator[Any]:
        """As `TaskQueue.pages`."""
        cursor: Optional[str] = None
        while True:
            page = await self.request("GET", path, query={**(query or {}), "cursor": cursor})
            for item in page["items"]:
                yield item
            cursor = page.get("nextCursor")
            if cursor is None:
                return

    def events(
        self,
        types: Optional[Sequence[str]] = None,
        last_event_id: Optional[str] = None,
        reconnect_for: float = RECONNECT_FOR_S,
        all_queues: bool = False,
    ) -> AsyncIterator[Message]:
        """As `TaskQueue.events`, for `async for`."""
        following = queue_events(None if all_queues else self.name, types, last_event_id, reconnect_for)
        return follow(self._transport, following)

    async def close(self) -> None:
        """Closes idle connections. The queue can still be used."""
        await self._transport.close()

    async def _submit(self, call: Call) -> AsyncJob:
        return AsyncJob.of(self, await self._run(call))

    async def _run(self, call: Call) -> Any:
        return await self._transport.run(call)
