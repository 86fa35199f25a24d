"""The bounds of a worker process."""

from __future__ import annotations

from typing import NamedTuple


class Limits(NamedTuple):
    """Of one worker process."""

    # Jobs at a time.
    concurrency: int
    # Seconds to finish jobs after a signal.
    grace_s: float
    # Seconds after which the jobs of a dead worker run elsewhere.
    lease_s: float = 30.0
