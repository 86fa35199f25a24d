"""What a worker says to people, on standard error."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Mapping, Optional

if TYPE_CHECKING:
    from .current import CurrentJob

# Characters of an error in a line.
_MOST_ERROR = 300


def say(text: str) -> None:
    """A line for people."""
    print("millrace: " + text, file=sys.stderr, flush=True)


def failed_attempt(job: CurrentJob, error: BaseException, settled: Mapping[str, Any]) -> str:
    """
    The line about a failed attempt. @param settled: what the service answered to its report: `jobStatus`, and
    `retryInMs` if it knows when the next attempt can start.
    """
    of = "" if job.max_attempts == "unlimited" else " of %s" % job.max_attempts
    attempt = "%s, job %s: attempt %d%s" % (job.task, job.id, job.attempt, of)
    status = settled.get("jobStatus")
    if status == "cancelled":
        return attempt + " has ended: the job is cancelled."
    what = _one_line(error).rstrip(".")
    return "%s failed: %s. %s" % (attempt, what, _what_follows(status, settled.get("retryInMs")))


def _what_follows(status: Any, retry_in_ms: Optional[float]) -> str:
    if status == "failed":
        return "It was the last one."
    if retry_in_ms is None:
        return "Another one follows."
    return "The next one can start %s." % ("at once" if retry_in_ms == 0 else "in %s" % _duration(retry_in_ms / 1000))


def _duration(seconds: float) -> str:
    if seconds < 120:
        return "%.3g s" % seconds if seconds < 10 else "%d s" % round(seconds)
    return "%d min" % round(seconds / 60) if seconds < 7200 else "%d h" % round(seconds / 3600)


def _one_line(error: BaseException) -> str:
    """Name and message of an error. Characters that a terminal would act on become question marks."""
    text = " ".join(("%s: %s" % (type(error).__name__, message_of(error))).split())
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[: _MOST_ERROR + 1])
    return shown if len(shown) <= _MOST_ERROR else shown[:_MOST_ERROR] + "…"


def message_of(error: BaseException) -> str:
    """The message of an error, or the name of its class."""
    try:
        return str(error) or type(error).__name__
    except Exception:  # A broken __str__ must not hide the failure.
        return type(error).__name__
