"""What the queues of threads and of asyncio share: functions become tasks, and calling one submits a job."""

from __future__ import annotations

import functools
import re
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Generic,
    Mapping,
    Optional,
    TypeVar,
    Union,
    cast,
    overload,
)

from . import _calls, _options
from ._address import Address
from ._loading import Unsubmitted, is_loading
from ._payload import Form

if TYPE_CHECKING:
    from ._request import Call

# What a submit gives: a Job, or for asyncio an AsyncJob to await.
Submitted = TypeVar("Submitted")


class Task(Generic[Submitted]):
    """A function as a task: call it to submit a job. The function itself is at `fn`."""

    def __init__(
        self,
        queue: BaseQueue[Submitted],
        fn: Callable[..., Any],
        name: str,
        form: Form,
        announcement: Mapping[str, Any],
        options: Mapping[str, Any],
    ) -> None:
        functools.update_wrapper(self, fn)
        self.queue = queue
        self.fn = fn
        self.name = name
        self.form = form
        # Members of PUT /queues/{name}/tasks/{task}, which a worker sends at its start.
        self.announcement = announcement
        self._options = options

    def __call__(self, *args: Any, **kwargs: Any) -> Submitted:
        """Submits a job. @raise TypeError: the function does not take the arguments."""
        return self.queue.submit(self.name, self.form.pack(args, kwargs), **self._options)

    def options(self, **options: Any) -> Task[Submitted]:
        """The task with options of `submit`: `fib.options(delay=10)(100000)`."""
        _options.options(options)
        return Task(self.queue, self.fn, self.name, self.form, self.announcement, {**self._options, **options})

    def schedule(self, schedule_id: str, **timing: Any) -> Callable[..., Any]:
        """
        Makes a schedule of this task, or replaces it: `report.schedule("nightly", cron="30 2 * * *")(11)` submits report(11)
        at these times. `timing`: cron or every, time_zone, misfire, overlap, start_at, end_at, max_runs, window. Numbers are
        seconds. The call returns the schedule as a dict. @raise ApiError. @raise TypeError: there is no such option.
        """
        path = _calls.schedule_path(schedule_id)
        times = _options.timing(timing)
        job = {"task": self.name, "queue": self.queue.name, **_options.options(self._options)}

        def put(*args: Any, **kwargs: Any) -> Any:
            definition = {**times, "job": {**job, "payload": self.form.pack(args, kwargs)}}
            if is_loading("change schedules"):
                return Unsubmitted()
            return self.queue.request("PUT", path, definition)

        return put

    def __repr__(self) -> str:
        return "<Task %s of %s>" % (self.name, self.queue.name)


# As src/schemas/values/names.ts has it.
_QUEUE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class BaseQueue(Generic[Submitted]):
    """What `TaskQueue` and `AsyncTaskQueue` share."""

    def __init__(
        self,
        name: str = "default",
        *,
        url: Optional[str] = None,
        key: Optional[str] = None,
        tries: Optional[int] = None,
    ) -> None:
        """
        @param url: default MILLRACE_URL, else http://127.0.0.1:3000. @param key: default MILLRACE_KEY.
        @param tries: the most for one request; default: as many as fit into 30 seconds.
        """
        if not isinstance(name, str):
            raise TypeError("TaskQueue takes the name of a queue. The address of the service is in MILLRACE_URL.")
        if not _QUEUE_NAME.fullmatch(name):
            form = "1 to 64 letters, digits, '.', '_' and '-', the first a letter or digit"
            raise ValueError("%r is no name of a queue. One has %s." % (name, form))
        self.name = name
        self.address = Address(url, key, tries)
        self.url = self.address.url
        self.tasks: Dict[str, Task[Submitted]] = {}

    @overload
    def task(self, fn: Callable[..., Any]) -> Task[Submitted]: ...

    @overload
    def task(
        self,
        *,
        name: Optional[str] = None,
        form: str = "args",
        attempts: Union[int, str, None] = None,
        backoff: Optional[Mapping[str, Any]] = None,
        timeout: Optional[_options.Duration] = None,
        input: Optional[Mapping[str, Any]] = None,
        output: Optional[Mapping[str, Any]] = None,
    ) -> Callable[[Callable[..., Any]], Task[Submitted]]: ...

    def task(
        self,
        fn: Optional[Callable[..., Any]] = None,
        *,
        name: Optional[str] = None,
        form: str = "args",
        attempts: Union[int, str, None] = None,
        backoff: Optional[Mapping[str, Any]] = None,
        timeout: Optional[_options.Duration] = None,
        input: Optional[Mapping[str, Any]] = None,
        output: Optional[Mapping[str, Any]] = None,
    ) -> Union[Task[Submitted], Callable[[Callable[..., Any]], Task[Submitted]]]:
        """
        Makes a function a task. `form` is how a call becomes a payload: "args", "names" or "payload". A worker
        announces the rest: defaults of its jobs, and JSON Schemas of payload (`input`) and result (`output`).
        """
        announcement = {
            "attempts": attempts,
            "backoff": None if backoff is None else _options.inner("backoff", backoff),
            "timeoutMs": None if timeout is None else _options.duration("timeout", timeout),
            "input": input,
            "output": output,
        }

        def decorate(function: Callable[..., Any]) -> Task[Submitted]:
            kept = {member: value for member, value in announcement.items() if value is not None}
            task_name = name or function.__name__
            task = Task(self, function, task_name, Form(form, function), kept, {})
            self.tasks[task_name] = task
            return task

        return decorate if fn is None else decorate(fn)

    def submit(
        self, task: str, payload: Any = None, *, idempotency_key: Optional[str] = None, **options: Any
    ) -> Submitted:
        """
        Submits a job. `options`: delay, run_at, priority, key, attempts, backoff, timeout, expires_in, result_ttl,
        metadata, unique, debounce, cache, tags, keep_payload, queue. Numbers are seconds; docs/reference/api.md explains each.
        A submit that gets no answer is repeated with the same Idempotency-Key, so that it makes one job.
        @raise ApiError. @raise Unreachable. @raise NotJson. @raise TypeError: there is no such option.
        """
        job = {"task": task, "queue": self.name, **_options.options(options)}
        if is_loading("submit jobs"):
            return cast(Submitted, Unsubmitted())
        return self._submit(_calls.submit(self.address, job, payload, idempotency_key))

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Optional[Mapping[str, Any]] = None,
        headers: Optional[Mapping[str, str]] = None,
    ) -> Any:
        raise NotImplementedError

    def _submit(self, call: Call) -> Submitted:
        raise NotImplementedError

    def __repr__(self) -> str:
        return "<%s %s at %s>" % (type(self).__name__, self.name, self.url)
