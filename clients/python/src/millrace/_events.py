"""Streams of events, without input and output: the same for threads and for asyncio."""

from __future__ import annotations

import json
import time
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence
from urllib.parse import urlencode

from ._calls import ENDED, job_path, segment
from ._json import decode
from ._options import seconds
from ._request import Broken, Request, backoff, error_of
from .errors import ApiError

Message = Dict[str, Any]

# The service sends a heartbeat every 15 seconds.
MOST_SILENCE_S = 45.0
# How long to connect again after a stream broke, seconds.
RECONNECT_FOR_S = 300.0
# The service may answer otherwise a little later.
_PASSING = (429, 502, 503, 504)


class _Frame(NamedTuple):
    """A message of Server-Sent Events. One without data only says where the stream is."""

    id: Optional[str]
    type: str
    data: str


class _Frames:
    """The messages of a stream as they come (HTML standard, 9.2)."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, part: bytes) -> List[_Frame]:
        blocks = (self._rest + part).replace(b"\r", b"").split(b"\n\n")
        self._rest = blocks.pop()
        return [_frame(block.decode("utf-8", "replace")) for block in blocks]


def _frame(block: str) -> _Frame:
    fields: Dict[str, str] = {}
    for line in block.split("\n"):
        name, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        fields[name] = fields[name] + "\n" + value if name == "data" and name in fields else value
    return _Frame(fields.get("id"), fields.get("event", ""), fields.get("data", ""))


class Following:
    """A stream that is followed over breaks: after one it goes on after the last message, so each event comes once."""

    def __init__(self, path: str, last_event_id: Optional[str], reconnect_for: float) -> None:
        self._path = path
        self._position = last_event_id
        self._reconnect_for = seconds("reconnect_for", reconnect_for)
        self._frames = _Frames()
        self._failures = 0
        self._last_seen = time.monotonic()
        # The service has no more of it.
        self.has_ended = False

    def request(self) -> Request:
        """That of the next connection."""
        self._frames = _Frames()
        headers = {"accept": "text/event-stream"}
        if self._position is not None:
            headers["last-event-id"] = self._position
        return Request("GET", self._path, headers=headers)

    def opened(self, status: int) -> None:
        self.has_ended = self.has_ended or status == 204

    def read(self, part: bytes) -> Iterator[Message]:
        """The messages that these bytes end. @raise ApiError: the key is no longer valid."""
        for frame in self._frames.feed(part):
            self._position = frame.id or self._position
            self._last_seen = time.monotonic()
            self._failures = 0
            if frame.type == "dropped":
                _check_dropped(frame)
            elif frame.data:
                yield from self._messages(frame, decode(frame.data.encode()))
            if self.has_ended:
                return

    def pause_after(self, error: Optional[Exception], url: str) -> float:
        """Seconds before the next connection. @raise ApiError, Unreachable: there shall be none."""
        is_passing = not isinstance(error, ApiError) or error.status in _PASSING
        is_over = time.monotonic() - self._last_seen > self._reconnect_for
        if error is not None and (is_over or not is_passing):
            raise error_of(error, url) if isinstance(error, Broken) else error
        self._failures += 1
        return backoff(self._failures, getattr(error, "retry_after", None))

    def _messages(self, frame: _Frame, data: Message) -> Iterator[Message]:
        yield data


class FollowingJob(Following):
    """The job as it is, its events, and each line of its log once, up to its end."""

    def __init__(self, job_id: str, last_event_id: Optional[str], reconnect_for: float) -> None:
        super().__init__(job_path(job_id, "events"), last_event_id, reconnect_for)
        self._last_line = 0

    def _messages(self, frame: _Frame, data: Message) -> Iterator[Message]:
        if frame.type == "job":
            self.has_ended = data["status"] in ENDED
            yield {"type": "job", "id": frame.id, "job": data}
        elif frame.type == "log":
            fresh = [line for line in data["lines"] if line["line"] > self._last_line]
            if fresh:
                self._last_line = fresh[-1]["line"]
                yield {**data, "lines": fresh}
        else:
            self.has_ended = "snapshot" in data
            yield data


def queue_events(
    queue: Optional[str], types: Optional[Sequence[str]], last_event_id: Optional[str], reconnect_for: float
) -> Following:
    """Of a queue; None: of all queues."""
    path = "/events" if queue is None else "/queues/%s/events" % segment(queue, "A queue")
    query = "" if types is None else "?" + urlencode({"type": ",".join(types)})
    return Following(path + query, last_event_id, reconnect_for)


def job_in(message: Mapping[str, Any]) -> Optional[Dict[str, Any]]:
    """The job that a message of its stream shows."""
    job: Optional[Dict[str, Any]] = message.get("job") if message["type"] == "job" else message.get("snapshot")
    return job


def _check_dropped(frame: _Frame) -> None:
    """The service ends a stream for several reasons. A new connection would not help after this one."""
    if json.loads(frame.data).get("reason") == "access-ended":
        raise ApiError(401, {"code": "access-ended", "detail": "The key or token is no longer valid."})
