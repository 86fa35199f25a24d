"""Streams of events as iterators: for threads, and for asyncio."""

from __future__ import annotations

import socket
import threading
from typing import Any, AsyncIterator, Callable, Iterator, Optional

from ._aio import AsyncTransport
from ._events import Following, Message
from ._http import Transport
from ._request import Broken
from .errors import ApiError

OnMessage = Callable[[Message], None]


class EventStream(Iterator[Message]):
    """
    Messages as they come, as dicts. After a break it connects again and goes on after the last one. `close` ends it,
    also from another thread; so does the end of a `with` block. @raise ApiError. @raise Unreachable.
    """

    def __init__(self, transport: Transport, following: Following, on_message: Optional[OnMessage] = None) -> None:
        self._transport = transport
        self._following = following
        self._on_message = on_message
        self._lock = threading.Lock()
        self._socket: Optional[socket.socket] = None
        self._closed = threading.Event()
        self._messages = self._follow()

    def __iter__(self) -> EventStream:
        return self

    def __next__(self) -> Message:
        return next(self._messages)

    def __enter__(self) -> EventStream:
        return self

    def __exit__(self, *_error: Any) -> None:
        self.close()

    def close(self) -> None:
        self._closed.set()
        self._shut()

    def _follow(self) -> Iterator[Message]:
        following = self._following
        while not self._closed.is_set():
            error: Optional[Exception] = None
            try:
                for part in self._transport.stream(following.request(), self._opened):
                    for message in following.read(part):
                        if self._on_message is not None:
                            self._on_message(message)
                        yield message
                    if following.has_ended:
                        return
            except (Broken, ApiError) as broken:
                error = broken
            if following.has_ended or self._closed.is_set():
                return
            self._closed.wait(following.pause_after(error, self._transport.address.url))

    def _opened(self, status: int, sock: socket.socket) -> None:
        self._following.opened(status)
        with self._lock:
            self._socket = sock
        if self._closed.is_set():
            self._shut()

    def _shut(self) -> None:
        with self._lock:
            if self._socket is None:
                return
            try:
                # A read that waits in another thread ends.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            except OSError:
                pass  # The other side was faster.


async def follow(
    transport: AsyncTransport, following: Following, on_message: Optional[OnMessage] = None
) -> AsyncIterator[Message]:
    """As `EventStream`. It ends with the loop that reads it, or when its task is cancelled."""
    while not following.has_ended:
        error: Optional[Exception] = None
        parts = transport.stream(following.request(), following.opened)
        try:
            async for part in parts:
                for message in following.read(part):
                    if on_message is not None:
                        on_message(message)
                    yield message
                if following.has_ended:
                    return
        except (Broken, ApiError) as broken:
            error = broken
        finally:
            await parts.aclose()
        if not following.has_ended:
            await transport.sleep(following.pause_after(error, transport.address.url))
