"""HTTP for asyncio: connections are kept for the event loop that opened them."""

from __future__ import annotations

import asyncio
import http.client
import io
import os
import ssl
import time
from typing import Any, AsyncGenerator, Callable, Coroutine, Dict, List, Mapping, Tuple, TypeVar

from ._address import Address
from ._events import MOST_SILENCE_S
from ._request import Answer, Broken, Call, Outcome, Request, Sleep

_CONNECT_S = 10.0
_MOST_IDLE = 32
_IDLE_S = 30.0
_MOST_HEAD_BYTES = 65_536

Result = TypeVar("Result")
Streams = Tuple[asyncio.StreamReader, asyncio.StreamWriter]


class AsyncTransport:
    """Sends requests to one service."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._context = ssl.create_default_context() if address.is_secure else None
        self._idle: List[Tuple[Streams, float]] = []
        # Connections belong to an event loop of a process.
        self._owner: Tuple[int, int] = (0, 0)

    async def run(self, call: Call) -> Any:
        """Carries out a call, step by step, and returns what it returns."""
        outcome: Outcome = None
        try:
            while True:
                step = call.send(outcome)
                if isinstance(step, Sleep):
                    await asyncio.sleep(step.seconds)
                    outcome = None
                else:
                    outcome = await self._try_send(step)
        except StopIteration as end:
            return end.value

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def stream(self, request: Request, on_open: Callable[[int], None]) -> AsyncGenerator[bytes, None]:
        """The body of an answer as it comes, over a connection of its own. @raise ApiError. @raise Broken."""
        writer = None
        try:
            reader, writer = await _within(_CONNECT_S, self._open())
            writer.write(self._head(request))
            status, headers = await _within(request.timeout_s, _read_head(reader))
            if status >= 400:
                body, _ = await _within(request.timeout_s, _body(reader, status, headers))
                raise Answer(status, headers, body).error()
            on_open(status)
            is_chunked = "chunked" in headers.get("transfer-encoding", "").lower()
            while status != 204:
                part = await _within(MOST_SILENCE_S, _chunk(reader) if is_chunked else reader.read(65_536))
                if not part:
                    return
                yield part
        except (OSError, EOFError, asyncio.TimeoutError, http.client.HTTPException, ValueError) as error:
            raise Broken(str(error) or type(error).__name__, True) from error
        finally:
            if writer is not None:
                writer.close()

    async def close(self) -> None:
        idle, self._idle = self._idle, []
        for (_, writer), _since in idle:
            writer.close()

    async def _try_send(self, request: Request) -> Outcome:
        was_sent = False
        streams = None
        try:
            streams = await _within(_CONNECT_S, self._take())
            was_sent = True
            answer, may_keep = await _within(request.timeout_s, self._exchange(streams, request))
        except (OSError, EOFError, asyncio.TimeoutError, http.client.HTTPException, ValueError) as error:
            if streams is not None:
                streams[1].close()
            return Broken(str(error) or type(error).__name__, was_sent)
        except BaseException:
            if streams is not None:
                streams[1].close()
            raise
        if may_keep and len(self._idle) < _MOST_IDLE:
            self._idle.append((streams, time.monotonic()))
        else:
            streams[1].close()
        return answer

    async def _take(self) -> Streams:
        owner = (os.getpid(), id(asyncio.get_running_loop()))
        if owner != self._owner:
            self._owner, self._idle = owner, []
        while self._idle:
            streams, since = self._idle.pop()
            if time.monotonic() - since < _IDLE_S and not streams[0].at_eof():
                return streams
            streams[1].close()
        return await self._open()

    async def _open(self) -> Streams:
        return await asyncio.open_connection(
            self.address.host, self.address.port, ssl=self._context, limit=_MOST_HEAD_BYTES
        )

    async def _exchange(self, streams: Streams, request: Request) -> Tuple[Answer, bool]:
        reader, writer = streams
        writer.write(self._head(request) + (request.body or b""))
        await writer.drain()
        status, headers = await _read_head(reader)
        body, is_whole = await _body(reader, status, headers)
        return Answer(status, headers, body), is_whole and headers.get("connection", "").lower() != "close"

    def _head(self, request: Request) -> bytes:
        address = self.address
        headers: Dict[str, str] = {
            "host": "%s:%d" % ("[%s]" % address.host if ":" in address.host else address.host, address.port),
            **address.headers(request.headers, request.body is not None),
        }
        if request.body is not None or request.method != "GET":
            headers["content-length"] = str(len(request.body or b""))
        lines = ["%s %s HTTP/1.1" % (request.method, address.prefix + request.path)]
        lines += ["%s: %s" % header for header in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _within(seconds: float, work: Coroutine[Any, Any, Result]) -> Result:
    """As asyncio.wait_for, which before Python 3.12 loses a cancel that comes while the work ends."""
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    finally:
        task.cancel()
    if not done:
        raise asyncio.TimeoutError("no answer within %g s" % seconds)
    return task.result()


async def _read_head(reader: asyncio.StreamReader) -> Tuple[int, Dict[str, str]]:
    head = await reader.readuntil(b"\r\n\r\n")
    status_line, _, rest = head.partition(b"\r\n")
    message = http.client.parse_headers(io.BytesIO(rest))
    return int(status_line.split()[1]), {name.lower(): value for name, value in message.items()}


async def _chunk(reader: asyncio.StreamReader) -> bytes:
    """The next chunk of a body; empty: its end."""
    size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
    return (await reader.readexactly(size + 2))[:-2]


async def _body(reader: asyncio.StreamReader, status: int, headers: Mapping[str, str]) -> Tuple[bytes, bool]:
    """The body of an answer, and whether another answer may follow on the connection."""
    if status in (204, 304):
        return b"", True
    if "chunked" in headers.get("transfer-encoding", "").lower():
        parts: List[bytes] = []
        while True:
            parts.append(await _chunk(reader))
            if not parts[-1]:
                return b"".join(parts), True
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"])), True
    return await reader.read(), False
