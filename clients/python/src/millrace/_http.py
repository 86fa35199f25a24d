"""HTTP for threads: connections are kept and shared, and a forked child opens its own."""

from __future__ import annotations

import http.client
import os
import select
import socket
import ssl
import threading
import time
import weakref
from typing import Any, Callable, Iterator, List, Optional, Tuple

from ._address import Address
from ._events import MOST_SILENCE_S
from ._request import Answer, Broken, Call, Outcome, Request, Sleep

_CONNECT_S = 10.0
_MOST_IDLE = 32
# A connection that idles longer is not used again: the service may close it any moment.
_IDLE_S = 30.0


class Cut:
    """Ends the wait for an answer from another thread. What the service has already sent still arrives."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: Optional[socket.socket] = None
        self.is_made = False

    def attach(self, sock: Optional[socket.socket]) -> None:
        with self._lock:
            self._socket = sock
            if self.is_made:
                self._close_half()

    def make(self) -> None:
        with self._lock:
            self.is_made = True
            self._close_half()

    def _close_half(self) -> None:
        if self._socket is None:
            return
        try:
            # Not `SSLSocket.shutdown`, which forgets the TLS session: an answer on its way could not be read.
            socket.socket.shutdown(self._socket, socket.SHUT_WR)
        except OSError:
            pass  # The other side was faster.


class Transport:
    """Sends requests to one service. Safe for threads, and for a process that forks."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._context = ssl.create_default_context() if address.is_secure else None
        self._reset()
        _transports.add(self)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._idle: List[Tuple[http.client.HTTPConnection, float]] = []

    def run(self, call: Call) -> Any:
        """Carries out a call, step by step, and returns what it returns."""
        outcome: Outcome = None
        try:
            while True:
                step = call.send(outcome)
                if isinstance(step, Sleep):
                    time.sleep(step.seconds)
                    outcome = None
                else:
                    outcome = self.try_send(step)
        except StopIteration as end:
            return end.value

    def try_send(self, request: Request) -> Outcome:
        try:
            return self.send(request)
        except Broken as broken:
            return broken

    def send(self, request: Request, cut: Optional[Cut] = None) -> Answer:
        """Sends a request once. @raise Broken."""
        connection = self._take()
        was_sent = False
        try:
            sock = _connected(connection)
            sock.settimeout(request.timeout_s)
            was_sent = True
            headers = self.address.headers(request.headers, request.body is not None)
            try:
                connection.request(
                    request.method, self.address.prefix + request.path, body=request.body, headers=headers
                )
            except (BrokenPipeError, ConnectionResetError):
                pass  # The service may have refused a long body before its end: its answer says why.
            if cut is not None:
                cut.attach(sock)
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise Broken(str(error) or type(error).__name__, was_sent) from error
        except BaseException:
            connection.close()
            raise
        finally:
            if cut is not None:
                cut.attach(None)
        if response.will_close or (cut is not None and cut.is_made):
            connection.close()
        else:
            self._give(connection)
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, body)

    def stream(self, request: Request, on_open: Callable[[int, socket.socket], None]) -> Iterator[bytes]:
        """The body of an answer as it comes, over a connection of its own. @raise ApiError. @raise Broken."""
        connection = self._open()
        try:
            sock = _connected(connection)
            sock.settimeout(request.timeout_s)
            headers = self.address.headers(request.headers, False)
            connection.request(request.method, self.address.prefix + request.path, headers=headers)
            response = connection.getresponse()
            if response.status >= 400:
                heads = {k.lower(): v for k, v in response.getheaders()}
                raise Answer(response.status, heads, response.read()).error()
            on_open(response.status, sock)
            sock.settimeout(MOST_SILENCE_S)
            while True:
                part = response.read1(65_536)
                if not part:
                    return
                yield part
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Broken(str(error) or type(error).__name__, True) from error
        finally:
            connection.close()

    def close(self) -> None:
        """Closes idle connections. The next request opens one again."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()

    def _take(self) -> http.client.HTTPConnection:
        now = time.monotonic()
        while True:
            with self._lock:
                if not self._idle:
                    break
                connection, since = self._idle.pop()
            if now - since < _IDLE_S and not _has_input(connection.sock):
                return connection
            connection.close()
        return self._open()

    def _open(self) -> http.client.HTTPConnection:
        address = self.address
        if self._context is None:
            return http.client.HTTPConnection(address.host, address.port, timeout=_CONNECT_S)
        return http.client.HTTPSConnection(
            address.host, address.port, timeout=_CONNECT_S, context=self._context
        )

    def _give(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if len(self._idle) < _MOST_IDLE:
                self._idle.append((connection, time.monotonic()))
                return
        connection.close()


def _connected(connection: http.client.HTTPConnection) -> socket.socket:
    if connection.sock is None:
        connection.connect()
    sock: Optional[socket.socket] = connection.sock
    if sock is None:
        raise OSError("no connection")
    return sock


def _has_input(sock: Optional[socket.socket]) -> bool:
    """An idle connection has nothing to say: what can be read is its end."""
    if sock is None:
        return True
    try:
        if hasattr(select, "poll"):
            poll = select.poll()
            poll.register(sock, select.POLLIN)
            return bool(poll.poll(0))
        return bool(select.select([sock], [], [], 0)[0])
    except (OSError, ValueError):
        return True


_transports: weakref.WeakSet[Transport] = weakref.WeakSet()


def _forget_connections() -> None:
    """In a forked child: the parent goes on with its connections. A thread that held a lock is not here."""
    for transport in list(_transports):
        transport._reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_connections)
