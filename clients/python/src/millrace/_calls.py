"""What the client asks of the service, as steps that threads and asyncio carry out alike."""

from __future__ import annotations

import time
import uuid
from typing import Any, Dict, Generator, List, Mapping, NamedTuple, Optional, Tuple, Union
from urllib.parse import quote, urlencode

from ._address import Address, is_printable
from ._json import encode
from ._request import Answer, Outcome, Request, Step, ask
from .errors import ApiError, Unreachable, WaitTimeout

JobData = Dict[str, Any]


class Read(NamedTuple):
    """A job as an answer shows it. `etag` names that revision of it; None: the answer does not say."""

    data: JobData
    etag: Optional[str] = None


JobCall = Generator[Step, Outcome, Read]

ENDED = ("completed", "failed", "cancelled", "expired")
# The longest wait of one request, seconds. The service allows 60; proxies often end one that takes longer than that.
_POLL_S = 30.0
# A wait goes on while the service is away for so long: it may be restarting.
_AWAY_S = 60.0


def segment(name: str, what: str) -> str:
    """A name as a part of a path. @raise TypeError. @raise ValueError: the path would lead to something else."""
    if not isinstance(name, str):
        raise TypeError("%s must be a text, not %r." % (what, name))
    if name in ("", ".", ".."):
        raise ValueError("%s must not be %r." % (what, name))
    return quote(name, safe="")


def job_path(job_id: str, verb: str = "") -> str:
    return "/jobs/" + segment(job_id, "The id of a job") + ("/" + verb if verb else "")


def schedule_path(schedule_id: str) -> str:
    return "/schedules/" + segment(schedule_id, "The id of a schedule")


def submit(to: Address, job: Mapping[str, Any], payload: Any, idempotency_key: Optional[str]) -> JobCall:
    """Its own Idempotency-Key makes it safe to repeat."""
    if idempotency_key is not None and not is_printable(idempotency_key):
        raise ValueError("An idempotency_key has 1 to 255 printable ASCII characters.")
    members = encode(job)[:-1] + b',"payload":' + encode(payload) + b"}"
    headers = {"idempotency-key": idempotency_key or "py-" + uuid.uuid4().hex}
    answer = yield from ask(Request("POST", "/jobs", members, headers), to)
    return _job(answer)


def submit_many(
    to: Address, jobs: List[Tuple[Mapping[str, Any], Any]], is_atomic: bool
) -> Generator[Step, Outcome, List[Dict[str, Any]]]:
    """Outcomes of POST /jobs/batch in the order of `jobs`, each a job without its payload, and its payload."""
    lines = [encode(job)[:-1] + b',"payload":' + encode(payload) + b"}" for job, payload in jobs]
    path = "/jobs/batch" + ("?atomic=true" if is_atomic else "")
    headers = {"idempotency-key": "py-" + uuid.uuid4().hex}
    body = b'{"jobs":[' + b",".join(lines) + b"]}"
    answer = yield from ask(Request("POST", path, body, headers, wait_s=_POLL_S), to)
    outcomes: List[Dict[str, Any]] = answer.json()["items"]
    return outcomes


def request(
    to: Address, method: str, path: str, body: Any, query: Optional[Mapping[str, Any]], headers: Mapping[str, str]
) -> Generator[Step, Outcome, Any]:
    """Any request of the API. A POST is repeated only if it cannot have been carried out, or has an Idempotency-Key."""
    is_safe = method != "POST" or "idempotency-key" in headers
    text = None if body is None else encode(body, "body")
    whole = path + (_query(query) if query else "")
    answer = yield from ask(Request(method, whole, text, headers, is_safe, wait_s=_POLL_S), to)
    return answer.json()


def _query(query: Mapping[str, Any]) -> str:
    pairs = [(name, _query_value(value)) for name, value in query.items() if value is not None]
    return "?" + urlencode(pairs, doseq=True)


def _query_value(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_query_value(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else value


def read(to: Address, job_id: str) -> JobCall:
    return _job((yield from ask(Request("GET", job_path(job_id)), to)))


def logs(to: Address, job_id: str, after: int) -> Generator[Step, Outcome, List[Mapping[str, Any]]]:
    answer = yield from ask(Request("GET", job_path(job_id, "logs") + "?after=%d" % after), to)
    lines: List[Mapping[str, Any]] = answer.json()["items"]
    return lines


def wait(to: Address, job_id: str, seconds: float) -> JobCall:
    """Resolves to the job once it has ended. @raise WaitTimeout."""
    end = time.monotonic() + seconds
    while True:
        left = max(0.0, end - time.monotonic())
        poll = min(_POLL_S, left)
        path = "%s?payload=false&wait=%.3f" % (job_path(job_id), poll)
        # What the service is away for counts, too: nothing may outlast `seconds` by much.
        patience = min(_AWAY_S, left)
        try:
            job = _job((yield from ask(Request("GET", path, wait_s=poll), to, patience)))
        except Unreachable as error:
            if patience < _AWAY_S:
                raise WaitTimeout(job_id, seconds) from error
            raise
        if job.data["status"] in ENDED:
            return job
        if time.monotonic() >= end:
            raise WaitTimeout(job_id, seconds)


def cancel(to: Address, job_id: str) -> JobCall:
    return _change(to, job_id, "cancel", "job-finished", ("cancelled",))


def retry(to: Address, job_id: str) -> JobCall:
    return _change(to, job_id, "retry", "job-not-failed", ("queued", "running", "retrying", "scheduled", "completed"))


def rerun(to: Address, job_id: str, changes: Mapping[str, Any]) -> JobCall:
    headers = {"idempotency-key": "py-" + uuid.uuid4().hex}
    path = job_path(job_id, "rerun")
    return _job((yield from ask(Request("POST", path, encode(changes, "changes"), headers), to)))


def change(to: Address, job_id: str, changes: Mapping[str, Any], etag: Optional[str] = None) -> JobCall:
    """@param etag: the revision that is changed; None: any. A repeat after a lost answer would find another one."""
    headers = {} if etag is None else {"if-match": etag}
    body = encode(changes, "changes")
    return _job((yield from ask(Request("PATCH", job_path(job_id), body, headers, is_safe=etag is None), to)))


def remove(to: Address, job_id: str) -> Generator[Step, Outcome, None]:
    """A job that a lost answer has removed already is gone."""
    try:
        yield from ask(Request("DELETE", job_path(job_id)), to)
    except ApiError as error:
        if error.status != 410 or not error.is_repeated:
            raise


def _change(to: Address, job_id: str, verb: str, refusal: str, done: Tuple[str, ...]) -> JobCall:
    """A repeated request is refused when the first one has done it, although its answer was lost."""
    try:
        return _job((yield from ask(Request("POST", job_path(job_id, verb)), to)))
    except ApiError as error:
        if error.code != refusal or not error.is_repeated:
            raise
        job = yield from read(to, job_id)
        if job.data["status"] not in done:
            raise
        return job


def preview(
    to: Address, of: Union[str, Mapping[str, Any]], n: Optional[int]
) -> Generator[Step, Outcome, List[str]]:
    """The next times of a schedule, or of a definition that is not stored."""
    query = "" if n is None else "?n=%d" % n
    if isinstance(of, str):
        asked = Request("GET", schedule_path(of) + "/preview" + query)
    elif isinstance(of, Mapping):
        asked = Request("POST", "/schedules/preview" + query, encode(of, "definition"))
    else:
        raise TypeError("preview_schedule takes the id of a schedule or a definition, not %r." % (of,))
    answer = yield from ask(asked, to)
    times: List[str] = answer.json()["items"]
    return times


def _job(answer: Answer) -> Read:
    job = answer.json()
    if not isinstance(job, dict) or "id" not in job:
        raise answer.error()
    return Read(job, answer.headers.get("etag"))
