"""What a child of the supervisor does: it runs a worker process until its parent, or the service, ends it."""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
from typing import Any, Callable, Optional

from .._loading import LoadError
from ..base import BaseQueue
from .held import HeldLeases
from .limits import Limits
from .process import WorkerProcess
from .say import say

# Exit code: there is no such queue.
UNUSABLE = 2
# What the parent writes into the pipe of a child. Its end says the same as DRAIN: the parent is gone.
DRAIN = b"d"
END = b"e"
_LOOK_S = 0.1

Load = Callable[[], BaseQueue[Any]]


def run_child(
    load: Load,
    commands: int,
    limits: Limits,
    ready: Optional[int] = None,
    kept: Optional[HeldLeases] = None,
) -> int:
    """
    @param commands: the read end of the pipe of this child. @param ready, kept: see WorkerProcess. @return the exit code.
    """
    asked = []
    # Ctrl-C reaches the parent, too, which tells its children what to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: asked.append(True))
    try:
        queue = load()
    except LoadError as error:
        say(str(error))
        return UNUSABLE
    worker = WorkerProcess(queue, limits, ready, kept)
    worker.start()
    is_told = False
    while True:
        code = worker.ended()
        if code is not None:
            return code
        command = _read(commands, is_told)
        if command == END:
            worker.release_all()
            return 1
        if command is not None or asked:
            is_told = is_told or command is not None
            worker.drain()


def _read(commands: int, is_told: bool) -> Any:
    """A command, or None if there is none. After the end of the pipe nothing more can come."""
    ready, _, _ = select.select([commands], [], [], _LOOK_S)
    if not ready:
        return None
    command = os.read(commands, 1)
    if command == b"" and is_told:
        select.select([], [], [], _LOOK_S)
        return None
    return command or DRAIN


def end_process(code: int) -> None:
    """Ends this process at once, with what it has printed: threads that are stuck must not keep it."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            pass  # Nobody reads any more.
    os._exit(code)
