"""A job as its submitter holds it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, AsyncIterator, Dict, Generator, List, Mapping, Optional, Union

from . import _calls, _options
from ._address import Address
from ._calls import Read
from ._events import RECONNECT_FOR_S, FollowingJob, Message, job_in
from ._options import wait_limit
from ._streams import EventStream, follow
from .errors import JobFailed, NotRead, WaitTimeout

if TYPE_CHECKING:
    from .queue import AsyncTaskQueue, TaskQueue

Seconds = Union[int, float, timedelta]
# A wait without `timeout` ends after an hour: no program may hang for ever.
WAIT_S = 3600.0


class JobView:
    """What was last read of a job, if anything. All members are at `data`, as GET /jobs/{id} has them."""

    def __init__(self, job_id: str, read: Optional[Read] = None) -> None:
        _calls.job_path(job_id)
        self.id = job_id
        self._read = read

    @property
    def data(self) -> Dict[str, Any]:
        """@raise NotRead: the service has not shown the job yet. So do all members below."""
        return self._known().data

    @property
    def task(self) -> str:
        return str(self.data.get("task", ""))

    @property
    def last_status(self) -> str:
        """The status that was last read."""
        return str(self.data["status"])

    @property
    def has_ended(self) -> bool:
        """As far as the job was read."""
        return self._read is not None and self.last_status in _calls.ENDED

    @property
    def result(self) -> Any:
        """What the task returned; None until the job was seen as completed, by `wait`, `status` or `refresh`."""
        return self.data.get("result")

    @property
    def error(self) -> Optional[Mapping[str, Any]]:
        """`name`, `message`, `stack` ... of the last failed attempt."""
        return self.data.get("error")

    @property
    def progress(self) -> Any:
        return self.data.get("progress")

    @property
    def attempt(self) -> int:
        return int(self.data["attempt"])

    def _show(self, message: Message) -> None:
        shown = job_in(message)
        if shown is not None:
            self._read = Read(shown)

    def _outcome(self) -> Any:
        if self.last_status != "completed":
            raise JobFailed(self)
        return self.result

    def __repr__(self) -> str:
        shown = " not read" if self._read is None else " %s %s" % (self.task, self.last_status)
        return "<%s %s%s>" % (type(self).__name__, self.id, shown)

    def _known(self) -> Read:
        if self._read is None:
            raise NotRead(self.id)
        return self._read

    def _change_call(self, address: Address, changes: Mapping[str, Any], if_unchanged: bool) -> _calls.JobCall:
        etag = self._known().etag if if_unchanged else None
        if if_unchanged and etag is None:
            raise NotRead(self.id)
        return _calls.change(address, self.id, _options.changes(changes), etag)


class Job(JobView):
    """A job. Call it, or `wait`, to get its result."""

    def __init__(self, queue: TaskQueue, job_id: str, read: Optional[Read] = None) -> None:
        super().__init__(job_id, read)
        self._queue = queue

    @classmethod
    def of(cls, queue: TaskQueue, read: Read) -> Job:
        return cls(queue, str(read.data["id"]), read)

    def __call__(self, block: bool = True, timeout: Optional[Seconds] = None) -> Any:
        """The result. With `block=False`: None if the job has not ended. @raise JobFailed. @raise WaitTimeout."""
        if block:
            return self.wait(timeout)
        try:
            return self.wait(0)
        except WaitTimeout:
            return None

    def wait(self, timeout: Optional[Seconds] = None) -> Any:
        """
        Waits for the end of the job, and returns its result. It goes on while the service restarts.
        @param timeout: seconds, default one hour. @raise JobFailed. @raise WaitTimeout. @raise ApiError.
        """
        if not self.has_ended:
            seconds = wait_limit(timeout, WAIT_S)
            self._do(_calls.wait(self._queue.address, self.id, seconds))
        return self._outcome()

    @property
    def status(self) -> str:
        """The status now: asks the service, unless the job had ended."""
        return self.last_status if self.has_ended else self.refresh().last_status

    def refresh(self) -> Job:
        """Reads the job."""
        return self._do(_calls.read(self._queue.address, self.id))

    def cancel(self) -> Job:
        """A waiting job is cancelled at once; the worker of a running one is asked to stop it."""
        return self._do(_calls.cancel(self._queue.address, self.id))

    def retry(self) -> Job:
        """Lets a failed job run again, under its id and with all its attempts."""
        return self._do(_calls.retry(self._queue.address, self.id))

    def change(self, *, if_unchanged: bool = False, **changes: Any) -> Job:
        """
        Changes a job that has not started: `payload`, and options of `submit`. @param if_unchanged: only if it is still
        as it was last read; otherwise ApiError, whose code is precondition-failed. @raise NotRead.
        """
        return self._do(self._change_call(self._queue.address, changes, if_unchanged))

    def rerun(self, **changes: Any) -> Job:
        """Submits an ended job again as a new job, with `payload`, `task` and options of `submit` that are given."""
        call = _calls.rerun(self._queue.address, self.id, _options.changes(changes))
        return Job.of(self._queue, self._queue._run(call))

    def remove(self) -> None:
        """Removes a job that has ended."""
        self._queue._run(_calls.remove(self._queue.address, self.id))

    def logs(self, after: int = 0) -> List[Mapping[str, Any]]:
        """The lines of its log that are kept, after that number: `line`, `at`, `attempt`, `level`, `message`."""
        lines: List[Mapping[str, Any]] = self._queue._run(_calls.logs(self._queue.address, self.id, after))
        return lines

    def events(
        self, last_event_id: Optional[str] = None, reconnect_for: float = RECONNECT_FOR_S
    ) -> EventStream:
        """
        The job as it is (`type` is `job`), then its events and the lines of its log, up to its end: dicts with `type`
        and `id`, as docs/how-to/events.md has them. @param last_event_id: "0-0": with all events that are kept.
        @param reconnect_for: seconds to try again after a break.
        """
        following = FollowingJob(self.id, last_event_id, reconnect_for)
        return EventStream(self._queue._transport, following, self._show)

    def _do(self, call: _calls.JobCall) -> Job:
        self._read = self._queue._run(call)
        return self


class AsyncJob(JobView):
    """A job for asyncio. Await it, or `wait`, to get its result."""

    def __init__(self, queue: AsyncTaskQueue, job_id: str, read: Optional[Read] = None) -> None:
        super().__init__(job_id, read)
        self._queue = queue

    @classmethod
    def of(cls, queue: AsyncTaskQueue, read: Read) -> AsyncJob:
        return cls(queue, str(read.data["id"]), read)

    def __await__(self) -> Generator[Any, None, Any]:
        return self.wait().__await__()

    async def wait(self, timeout: Optional[Seconds] = None) -> Any:
        """As `Job.wait`."""
        if not self.has_ended:
            seconds = wait_limit(timeout, WAIT_S)
            await self._do(_calls.wait(self._queue.address, self.id, seconds))
        return self._outcome()

    async def status(self) -> str:
        """As `Job.status`."""
        return self.last_status if self.has_ended else (await self.refresh()).last_status

    async def refresh(self) -> AsyncJob:
        return await self._do(_calls.read(self._queue.address, self.id))

    async def cancel(self) -> AsyncJob:
        return await self._do(_calls.cancel(self._queue.address, self.id))

    async def retry(self) -> AsyncJob:
        return await self._do(_calls.retry(self._queue.address, self.id))

    async def change(self, *, if_unchanged: bool = False, **changes: Any) -> AsyncJob:
        """As `Job.change`."""
        return await self._do(self._change_call(self._queue.address, changes, if_unchanged))

    async def rerun(self, **changes: Any) -> AsyncJob:
        """As `Job.rerun`."""
        call = _calls.rerun(self._queue.address, self.id, _options.changes(changes))
        return AsyncJob.of(self._queue, await self._queue._run(call))

    async def remove(self) -> None:
        """As `Job.remove`."""
        await self._queue._run(_calls.remove(self._queue.address, self.id))

    async def logs(self, after: int = 0) -> List[Mapping[str, Any]]:
        """As `Job.logs`."""
        lines: List[Mapping[str, Any]] = await self._queue._run(_calls.logs(self._queue.address, self.id, after))
        return lines

    def events(
        self, last_event_id: Optional[str] = None, reconnect_for: float = RECONNECT_FOR_S
    ) -> AsyncIterator[Message]:
        """As `Job.events`, for `async for`."""
        following = FollowingJob(self.id, last_event_id, reconnect_for)
        return follow(self._queue._transport, following, self._show)

    async def _do(self, call: _calls.JobCall) -> AsyncJob:
        self._read = await self._queue._run(call)
        return self
