"""The requests of a worker: take, heartbeat, settle and report. docs/how-to/http-workers.md explains them."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from .._calls import job_path, segment
from .._http import Cut, Transport
from .._json import encode
from .._request import Answer, Broken, Request, ask
from ..errors import ApiError, Unreachable

# The longest wait of one take, seconds.
POLL_S = 20.0
# Seconds for a heartbeat or a report.
_REPORT_S = 5.0


class Taken(NamedTuple):
    lease: str
    jobs: List[Mapping[str, Any]]
    # Somebody drains this worker.
    is_drained: bool


class Outcome(NamedTuple):
    """
    How an attempt ended: `verb` is complete, fail or release; `members` is JSON to put beside the id of the job; `error`
    is why it failed.
    """

    verb: str
    members: bytes = b""
    error: Optional[BaseException] = None


class Leases:
    """Leases of one worker in one queue."""

    def __init__(
        self, transport: Transport, queue: str, tasks: List[str], worker: str, lease_ms: int = 30_000
    ) -> None:
        self.transport = transport
        self.queue = queue
        self.tasks = tasks
        self.worker = worker
        self.lease_ms = lease_ms

    def announce(self, task: str, announcement: Mapping[str, Any]) -> None:
        """Tells the service the schemas and defaults of a task. Not repeated. @raise ApiError. @raise Unreachable."""
        path = "/queues/%s/tasks/%s" % (segment(self.queue, "A queue"), segment(task, "A task"))
        self._ask(Request("PUT", path, encode(announcement, "announcement")), patience_s=0.0)

    def take(self, cut: Cut, wait_s: float = POLL_S) -> Taken:
        """Waits for a job, and takes it under a lease of its own. Not repeated. @raise ApiError. @raise Broken."""
        body = {
            "queues": [self.queue],
            "tasks": self.tasks,
            "worker": self.worker,
            "leaseMs": self.lease_ms,
            "waitMs": int(wait_s * 1000),
        }
        request = Request("POST", "/leases", encode(body), wait_s=wait_s)
        return _taken(_checked(self.transport.send(request, cut)))

    def heartbeat(self, lease: str) -> List[str]:
        """Renews a lease. Returns the ids of the jobs to stop. @raise ApiError. @raise Broken."""
        answer_s = min(_REPORT_S, self.lease_ms / 3000)
        request = Request("POST", _lease_path(lease, "heartbeat"), answer_s=answer_s)
        cancel: List[str] = _checked(self.transport.send(request))["cancel"]
        return cancel

    def settle(
        self, lease: str, job_id: str, outcome: Outcome, takes_next: bool, answer_s: float = 15.0
    ) -> Tuple[Mapping[str, Any], Taken]:
        """Settles a job, and takes the next one. Safe to repeat. @raise ApiError. @raise Broken."""
        head = b'{"%s":[{"id":%s' % (outcome.verb.encode(), encode(job_id))
        body = head + outcome.members + b'}],"tasks":' + encode(self.tasks) + b"}"
        path = _lease_path(lease, "settle") + ("?next=1" if takes_next else "")
        answer = _checked(self.transport.send(Request("POST", path, body, answer_s=answer_s)))
        return answer["items"][0], _taken(answer)

    def report(self, job_id: str, member: str, lease: str, text: bytes, is_urgent: bool = False) -> None:
        """
        Sends `progress`, `log` or `checkpoint` of a job. @param text: its JSON. @param is_urgent: not repeated.
        @raise ApiError. @raise Unreachable.
        """
        body = b'{"lease":%s,"%s":%s}' % (encode(lease), member.encode(), text)
        request = Request("POST", job_path(job_id, member), body, answer_s=_REPORT_S)
        self._ask(request, patience_s=0.0 if is_urgent else self.lease_ms / 1000)

    def _ask(self, request: Request, patience_s: float) -> None:
        self.transport.run(ask(request, self.transport.address, patience_s))


def end_lease(transport: Transport, lease: str, patience_s: float) -> None:
    """
    Lets a lease end after the least time that the service allows: its jobs run elsewhere, as after any lost worker.
    @raise ApiError: it has ended. @raise Unreachable.
    """
    request = Request("POST", _lease_path(lease, "heartbeat"), b'{"leaseMs":1000}', answer_s=_REPORT_S)
    transport.run(ask(request, transport.address, patience_s))


def _lease_path(lease: str, verb: str) -> str:
    return "/leases/%s/%s" % (segment(lease, "A lease"), verb)


def _checked(answer: Answer) -> Dict[str, Any]:
    if answer.status >= 400:
        raise answer.error()
    body = answer.json()
    if not isinstance(body, dict):
        raise answer.error()
    return body


def _taken(answer: Mapping[str, Any]) -> Taken:
    return Taken(answer.get("lease", ""), answer.get("jobs") or [], answer.get("directive") == "drain")


def may_work_later(error: Exception) -> bool:
    """Whether a request that failed so may be accepted later: the service is away, busy or restarting."""
    return isinstance(error, (Broken, Unreachable)) or (
        isinstance(error, ApiError) and (error.status >= 500 or error.status == 429)
    )
