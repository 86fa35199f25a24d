"""Requests and when to repeat them, without input and output: the same for threads and for asyncio."""

from __future__ import annotations

import random
import time
from typing import Any, Generator, Mapping, Optional, Union

from ._address import Address, is_path, is_printable
from ._json import decode
from .errors import ApiError, MillraceError, Unreachable

# Seconds for an answer, beyond those that the request itself waits.
ANSWER_S = 15.0
# Seconds for which a request that is safe to repeat is repeated.
PATIENCE_S = 30.0
_FIRST_WAIT_S = 0.1
_LONGEST_WAIT_S = 2.0


class Request:
    """
    `is_safe`: to send it twice does no harm. `wait_s`: how long the service may wait before it answers.
    @raise ValueError: the path, the method or a header has characters that none can have.
    """

    def __init__(
        self,
        method: str,
        path: str,
        body: Optional[bytes] = None,
        headers: Optional[Mapping[str, str]] = None,
        is_safe: bool = True,
        wait_s: float = 0.0,
        answer_s: float = ANSWER_S,
    ) -> None:
        if not method.isalpha() or not method.isascii():
            raise ValueError("%r is no method of HTTP. Use one such as GET." % method)
        if not is_path(path) or not path.startswith("/"):
            raise ValueError("%r is no path. Begin it with / and encode names: urllib.parse.quote(name, '')." % path)
        for name, value in (headers or {}).items():
            if not is_path(name) or not name or ":" in name or not is_printable(value):
                raise ValueError("The header %r must be of printable ASCII characters." % name)
        self.method = method
        self.path = path
        self.body = body
        self.headers = dict(headers or {})
        self.is_safe = is_safe
        self.timeout_s = wait_s + answer_s


class Answer:
    """Header names are in lower case."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        """@raise ApiError: something else than Millrace has answered."""
        try:
            return decode(self.body) if self.body else None
        except ValueError as error:
            raise ApiError(self.status, _NOT_MILLRACE) from error

    @property
    def retry_after(self) -> Optional[float]:
        """Seconds."""
        try:
            return max(0.0, float(self.headers["retry-after"]))
        except (KeyError, ValueError):
            return None

    def error(self) -> ApiError:
        try:
            problem = self.json()
        except ApiError:
            problem = None
        return ApiError(self.status, problem if isinstance(problem, dict) else _NOT_MILLRACE, self.retry_after)


_NOT_MILLRACE = {"detail": "The answer is not from Millrace. Check MILLRACE_URL, and proxies on the way."}


class Broken(Exception):
    """No whole answer came. `was_sent`: the service may have carried the request out."""

    def __init__(self, reason: str, was_sent: bool) -> None:
        self.was_sent = was_sent
        super().__init__(reason)


class Sleep:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


Step = Union[Request, Sleep]
Outcome = Union[Answer, Broken, None]
Call = Generator[Step, Outcome, Any]


def backoff(tries: int, retry_after: Optional[float] = None) -> float:
    """Seconds before the next try: twice as long each time, up to a fifth shorter; at least `retry_after`."""
    doubled: float = _FIRST_WAIT_S * 2.0 ** min(tries, 10)
    wait = min(_LONGEST_WAIT_S, doubled) * random.uniform(0.8, 1.0)
    return max(wait, retry_after or 0.0)


def ask(request: Request, to: Address, patience_s: float = PATIENCE_S) -> Generator[Step, Outcome, Answer]:
    """Sends a request until it has an answer, within `patience_s`. @raise ApiError. @raise Unreachable."""
    end = time.monotonic() + patience_s
    is_repeated = False
    tries = 0
    while True:
        outcome = yield request
        tries += 1
        if isinstance(outcome, Answer) and not _asks_to_repeat(outcome, request):
            if outcome.status >= 400:
                error = outcome.error()
                error.is_repeated = is_repeated
                raise error
            return outcome
        wait = backoff(tries - 1, outcome.retry_after if isinstance(outcome, Answer) else None)
        may_repeat = request.is_safe or not (isinstance(outcome, Broken) and outcome.was_sent)
        is_last = tries == to.tries or time.monotonic() + wait > end
        if is_last or not may_repeat:
            raise error_of(outcome, to.url)
        is_repeated = is_repeated or not isinstance(outcome, Answer) or outcome.status in _UNSURE
        yield Sleep(wait)


# The service, or a proxy before it, has done nothing.
_UNDONE = (429, 503)
# A proxy had no answer: whether the service has done something is not known.
_UNSURE = (502, 504)


def _asks_to_repeat(answer: Answer, request: Request) -> bool:
    return answer.status in _UNDONE or (request.is_safe and answer.status in _UNSURE)


def error_of(outcome: Outcome, url: str) -> MillraceError:
    """What the caller is told of a request that had no good answer."""
    if isinstance(outcome, Answer):
        return outcome.error()
    return Unreachable(
        "%s gives no answer (%s). Start the service, or set MILLRACE_URL to its address." % (url, outcome)
    )
