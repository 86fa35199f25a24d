"""What the client asks of the service, as steps that threads and asyncio carry out alike."""

from __future__ import annotations

import time
import uuid
from typing import Any, Dict, Generator, List, Mapping, Optional, Tuple
from urllib.parse import quote

from ._address import is_printable
from ._json import encode
from ._request import Answer, Outcome, Request, Step, ask
from .errors import ApiError, Unreachable, WaitTimeout

JobData = Dict[str, Any]
JobCall = Generator[Step, Outcome, JobData]

ENDED = ("completed", "failed", "cancelled", "expired")
# The longest wait of one request, seconds. The service allows 60; proxies often end one that takes longer than that.
_POLL_S = 30.0
# A wait goes on while the service is away for so long: it may be restarting.
_AWAY_S = 60.0


def job_path(job_id: str, verb: str = "") -> str:
    return "/jobs/" + quote(job_id, safe="") + ("/" + verb if verb else "")


def submit(url: str, job: Mapping[str, Any], payload: Any, idempotency_key: Optional[str]) -> JobCall:
    """Its own Idempotency-Key makes it safe to repeat."""
    if idempotency_key is not None and not is_printable(idempotency_key):
        raise ValueError("An idempotency_key has 1 to 255 printable ASCII characters.")
    members = encode(job)[:-1] + b',"payload":' + encode(payload) + b"}"
    headers = {"idempotency-key": idempotency_key or "py-" + uuid.uuid4().hex}
    answer = yield from ask(Request("POST", "/jobs", members, headers), url)
    return _job(answer)


def submit_many(
    url: str, jobs: List[Tuple[Mapping[str, Any], Any]], is_atomic: bool
) -> Generator[Step, Outcome, List[Dict[str, Any]]]:
    """Outcomes of POST /jobs/batch in the order of `jobs`, each a job without its payload, and its payload."""
    lines = [encode(job)[:-1] + b',"payload":' + encode(payload) + b"}" for job, payload in jobs]
    path = "/jobs/batch" + ("?atomic=true" if is_atomic else "")
    headers = {"idempotency-key": "py-" + uuid.uuid4().hex}
    body = b'{"jobs":[' + b",".join(lines) + b"]}"
    answer = yield from ask(Request("POST", path, body, headers, wait_s=_POLL_S), url)
    outcomes: List[Dict[str, Any]] = answer.json()["items"]
    return outcomes


def read(url: str, job_id: str) -> JobCall:
    return _job((yield from ask(Request("GET", job_path(job_id)), url)))


def logs(url: str, job_id: str) -> Generator[Step, Outcome, List[Mapping[str, Any]]]:
    answer = yield from ask(Request("GET", job_path(job_id, "logs")), url)
    lines: List[Mapping[str, Any]] = answer.json()["items"]
    return lines


def wait(url: str, job_id: str, seconds: float) -> JobCall:
    """Resolves to the job once it has ended. @raise WaitTimeout."""
    end = time.monotonic() + seconds
    while True:
        left = max(0.0, end - time.monotonic())
        poll = min(_POLL_S, left)
        path = "%s?payload=false&wait=%.3f" % (job_path(job_id), poll)
        # What the service is away for counts, too: nothing may outlast `seconds` by much.
        patience = min(_AWAY_S, left)
        try:
            job = _job((yield from ask(Request("GET", path, wait_s=poll), url, patience)))
        except Unreachable as error:
            if patience < _AWAY_S:
                raise WaitTimeout(job_id, seconds) from error
            raise
        if job["status"] in ENDED:
            return job
        if time.monotonic() >= end:
            raise WaitTimeout(job_id, seconds)


def cancel(url: str, job_id: str) -> JobCall:
    return _change(url, job_id, "cancel", "job-finished", ("cancelled",))


def retry(url: str, job_id: str) -> JobCall:
    return _change(url, job_id, "retry", "job-not-failed", ("queued", "running", "retrying", "scheduled", "completed"))


def _change(url: str, job_id: str, verb: str, refusal: str, done: Tuple[str, ...]) -> JobCall:
    """A repeated request is refused when the first one has done it, although its answer was lost."""
    try:
        return _job((yield from ask(Request("POST", job_path(job_id, verb)), url)))
    except ApiError as error:
        if error.code != refusal or not error.is_repeated:
            raise
        job = yield from read(url, job_id)
        if job["status"] not in done:
            raise
        return job


def _job(answer: Answer) -> JobData:
    job = answer.json()
    if not isinstance(job, dict) or "id" not in job:
        raise answer.error()
    return job
