"""A worker process: it takes jobs, runs each on a thread of its own, and renews their leases."""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import Any, Dict, List, Mapping, Optional, Set

from .._http import Cut, Transport
from .._request import Broken, backoff
from ..errors import ApiError, JobCancelled, MillraceError
from ..base import BaseQueue
from .attempt import RELEASE, Attempt
from .held import HeldLeases
from .leases import POLL_S, Leases, Outcome, Taken, may_work_later
from .limits import Limits
from .say import failed_attempt, say

# Exit codes of a worker process.
DONE = 0
REFUSED = 3
REPLACE = 4

_TICK_S = 0.25
_REPORT_EVERY_S = 1.0
# A result is reported for so long while the service is away.
_SETTLE_S = 600.0
# For the release of what has not ended in time.
_RELEASE_S = 2.0


class WorkerProcess:
    """
    Runs jobs of one queue. `drain` ends it: it takes nothing more, and what it runs may end within the grace; the rest
    is given back. @param ready: the write end of a pipe that hears when the service knows the tasks. @param kept: where
    its parent finds its leases.
    """

    def __init__(
        self,
        queue: BaseQueue[Any],
        limits: Limits,
        ready: Optional[int] = None,
        kept: Optional[HeldLeases] = None,
    ) -> None:
        worker = "python-%d@%s" % (os.getpid(), socket.gethostname())
        self.queue = queue
        self.limits = limits
        self._ready = ready
        transport = Transport(queue.address)
        self.leases = Leases(transport, queue.name, sorted(queue.tasks), worker, round(limits.lease_s * 1000))
        self._held: Set[Attempt] = set()
        self._kept = kept
        self._slots: Dict[Attempt, Optional[int]] = {}
        self._changed = threading.Condition()
        self._free = limits.concurrency
        self._cut = Cut()
        self._is_stopping = False
        self._is_taking = True
        self._code = DONE
        self._drain_end: Optional[float] = None

    def start(self) -> None:
        if self._kept is not None:
            self._kept.show(self.queue.address)
        threading.Thread(target=self._take_jobs, name="millrace-take", daemon=True).start()
        threading.Thread(target=self._renew, name="millrace-leases", daemon=True).start()
        threading.Thread(target=self._watch, name="millrace-watch", daemon=True).start()

    def drain(self, code: int = DONE) -> None:
        """May be called from any thread, and again."""
        with self._changed:
            if self._is_stopping:
                return
            self._is_stopping = True
            self._code = code
            self._drain_end = time.monotonic() + self.limits.grace_s
            self._changed.notify_all()
        self._cut.make()

    def ended(self) -> Optional[int]:
        """The exit code, once nothing is left to do. Gives jobs back that have not ended in time."""
        if self._drain_end is None or self._is_taking:
            return None
        if time.monotonic() > self._drain_end:
            self.release_all()
        with self._changed:
            left = [attempt for attempt in self._held if not attempt.is_lost]
        return None if left else self._code

    def release_all(self) -> None:
        """Gives back what this process holds, within two seconds. No attempt is spent."""
        end = time.monotonic() + _RELEASE_S
        with self._changed:
            held = [attempt for attempt in self._held if not attempt.is_lost]
        for attempt in held:
            attempt.stop(is_lost=True)
        for attempt in held:
            left = end - time.monotonic()
            if left <= 0:
                return
            try:
                self.leases.settle(attempt.job.lease, attempt.job.id, RELEASE, False, answer_s=left)
                self._let_go(attempt)
            except (MillraceError, Broken):
                pass  # The lease then ends by itself, and the job runs elsewhere.

    def _take_jobs(self) -> None:
        """Waits for jobs while a thread is free. Ends when the process is to end."""
        tries = 0
        try:
            self._announce()
            # The first answer comes at once: from then on the service knows the tasks.
            wait_s = 0.0
            while self._wait_for_room():
                try:
                    taken = self.leases.take(self._cut, wait_s)
                    if wait_s == 0.0:
                        self._is_ready()
                    wait_s = POLL_S
                    tries = 0
                    self._accept(taken)
                except (ApiError, Broken) as error:
                    if not self._is_stopping:
                        self._endure(error, tries)
                    tries += 1
        finally:
            self._is_taking = False

    def _is_ready(self) -> None:
        say("%s works on %s: %s" % (self.leases.worker, self.queue.name, ", ".join(self.leases.tasks)))
        if self._ready is not None:
            try:
                os.write(self._ready, b"r")
            except OSError:
                pass  # Nobody waits for it any more.

    def _announce(self) -> None:
        """A take announces tasks without schemas and defaults. Those with some go first, and then none may be missing."""
        if not any(task.announcement for task in self.queue.tasks.values()):
            return
        for name, task in self.queue.tasks.items():
            tries = 0
            while not self._is_stopping:
                try:
                    self.leases.announce(name, task.announcement)
                    break
                except (ApiError, MillraceError) as error:
                    self._endure(error, tries)
                    tries += 1

    def _endure(self, error: Exception, tries: int) -> None:
        """Waits before the next try, or ends the process if the service would refuse it again."""
        if isinstance(error, ApiError) and not may_work_later(error):
            say("%s ends, since the service refuses it: %s" % (self.leases.worker, error))
            return self.drain(REFUSED)
        if tries == 0:
            say("%s waits for the service at %s: %s" % (self.leases.worker, self.queue.url, error))
        with self._changed:
            wait = backoff(tries, getattr(error, "retry_after", None))
            self._changed.wait_for(lambda: self._is_stopping, timeout=wait)

    def _wait_for_room(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopping or self._free > 0)
            return not self._is_stopping

    def _accept(self, taken: Taken) -> None:
        if taken.is_drained:
            say("%s is drained by the service." % self.leases.worker)
            self.drain()
        for leased in taken.jobs:
            attempt = self._hold(leased, taken.lease)
            with self._changed:
                self._free -= 1
            threading.Thread(target=self._work, args=(attempt,), name="millrace-job", daemon=True).start()

    def _hold(self, leased: Mapping[str, Any], lease: str) -> Attempt:
        attempt = Attempt(leased, lease, self.leases)
        with self._changed:
            self._held.add(attempt)
            if self._kept is not None:
                self._slots[attempt] = self._kept.hold(lease)
        return attempt

    def _let_go(self, attempt: Attempt) -> None:
        with self._changed:
            slot = self._slots.pop(attempt, None)
            if self._kept is not None:
                self._kept.let_go(slot)

    def _work(self, first: Attempt) -> None:
        """Runs a job, then those that come with the answers to its outcome."""
        attempt: Optional[Attempt] = first
        # Redis may have lost the end of a job in a failover. That job runs again once the lease has ended.
        last_take = time.monotonic() + self.limits.lease_s
        while attempt is not None:
            following = None
            try:
                outcome = RELEASE if self._is_stopping else attempt.run(self.queue.tasks[attempt.job.task])
                taken = self._settle(attempt, outcome, takes_next=time.monotonic() < last_take)
                if taken is not None and taken.jobs:
                    following = self._hold(taken.jobs[0], taken.lease)
            finally:
                self._let_go(attempt)
                with self._changed:
                    self._held.discard(attempt)
                    self._changed.notify_all()
            attempt = following
        with self._changed:
            self._free += 1
            self._changed.notify_all()

    def _settle(self, attempt: Attempt, outcome: Outcome, takes_next: bool) -> Optional[Taken]:
        """
        Reports the outcome until the service accepts it, or has given the job away. The log goes first: for as long as a
        lease lasts, the outcome waits for it.
        """
        start = time.monotonic()
        tries = 0
        while not attempt.is_lost and time.monotonic() < start + _SETTLE_S:
            if not attempt.job.send_reports() and time.monotonic() < start + self.limits.lease_s:
                time.sleep(backoff(tries))
                tries += 1
                continue
            try:
                takes_next = takes_next and not self._is_stopping
                item, taken = self.leases.settle(attempt.job.lease, attempt.job.id, outcome, takes_next)
                if item["status"] < 500 and item["status"] != 429:
                    self._say_outcome(attempt, outcome, item)
                    return taken
                error: Exception = ApiError(item["status"], item.get("problem") or {})
            except (ApiError, Broken) as broken:
                if not may_work_later(broken):
                    say("job %s: its outcome is refused: %s" % (attempt.job.id, broken))
                    return None
                error = broken
            time.sleep(backoff(tries, getattr(error, "retry_after", None)))
            tries += 1
        if attempt.lost_by is not None:
            self._say_lost(attempt)
        return None

    def _say_outcome(self, attempt: Attempt, outcome: Outcome, item: Mapping[str, Any]) -> None:
        problem = item.get("problem")
        has_failed = problem is None or problem.get("code") == "stale-lease"
        if has_failed and isinstance(outcome.error, JobCancelled) and attempt.is_late():
            say(attempt.late_failure())
        elif problem is not None:
            say("job %s: its outcome is refused: %s" % (attempt.job.id, problem.get("detail")))
        elif outcome.error is not None:
            say(failed_attempt(attempt.job, outcome.error, item))

    def _say_lost(self, attempt: Attempt) -> None:
        """A heartbeat has heard that the lease holds the job no longer. The service may have failed it at its timeout."""
        if attempt.is_late():
            say(attempt.late_failure())
        else:
            say("job %s: its outcome is not reported: %s" % (attempt.job.id, attempt.lost_by))

    def _watch(self) -> None:
        """Stops what is to stop. It sends nothing, so that a silent service does not hold it up."""
        while True:
            for attempt in self._held_after_tick():
                if attempt.outlasts_lease():
                    say("job %s stops: the service was silent for as long as its lease lasts." % attempt.job.id)
                    attempt.stop(is_lost=True)
                if attempt.press():
                    say("job %s does not stop: another process takes the place of this one." % attempt.job.id)
                    self._give_up(attempt)

    def _renew(self) -> None:
        """Renews leases and sends reports."""
        next_reports = 0.0
        while True:
            held = self._held_after_tick()
            now = time.monotonic()
            sends_reports = now >= next_reports
            if sends_reports:
                next_reports = now + _REPORT_EVERY_S
            for attempt in held:
                if attempt.is_lost:
                    continue
                if now >= attempt.next_heartbeat and not self._heartbeat(attempt):
                    break  # The service is away: each try takes time, and the others would fare no better.
                if sends_reports:
                    sends_reports = attempt.job.send_reports()

    def _held_after_tick(self) -> List[Attempt]:
        time.sleep(_TICK_S)
        with self._changed:
            return list(self._held)

    def _heartbeat(self, attempt: Attempt) -> bool:
        """Returns whether the service has answered."""
        sent_at = time.monotonic()
        try:
            is_to_stop = attempt.job.id in self.leases.heartbeat(attempt.job.lease)
            attempt.renewed(sent_at)
            if is_to_stop:
                attempt.stop()
        except (ApiError, Broken) as error:
            if may_work_later(error):
                attempt.next_heartbeat = time.monotonic() + 1.0
                return isinstance(error, ApiError)
            attempt.lost_by = error
            attempt.stop(is_lost=True)
        return True

    def _give_up(self, attempt: Attempt) -> None:
        attempt.is_lost = True
        self.drain(REPLACE)
