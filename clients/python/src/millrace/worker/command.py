"""`python -m millrace`."""

from __future__ import annotations

import argparse
import os
import sys
from typing import List, Optional

from .._loading import load_queue
from .child import run_child
from .limits import Limits
from .say import say
from .supervisor import Supervisor, can_fork

_EXAMPLE = """example:
  MILLRACE_URL=http://127.0.0.1:3000 python -m millrace work tasks:queue --concurrency 4 --processes 2

SIGTERM and SIGINT let it finish the jobs that it runs; a second one ends it at once.
Exit codes: 0 ended by a signal or drained, 1 refused by the service, 2 wrong use."""


def main(arguments: Optional[List[str]] = None) -> int:
    options = _parser().parse_args(arguments)
    if sys.path[0] not in ("", os.getcwd()):
        sys.path.insert(0, os.getcwd())
    try:
        if not can_fork():
            return _run_here(options)
        limits = Limits(options.concurrency, options.grace, options.lease)
        return Supervisor(lambda: load_queue(options.queue), options.processes, limits).run()
    except ValueError as error:  # The address or the key is of no use.
        say(str(error))
        return 2


def _run_here(options: argparse.Namespace) -> int:
    """Without fork there is one process, which nobody replaces."""
    if options.processes != 1:
        say("This system has no fork: start several workers instead of --processes.")
        return 2
    commands, _keep = os.pipe()
    limits = Limits(options.concurrency, options.grace, options.lease)
    return run_child(lambda: load_queue(options.queue), commands, limits)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m millrace",
        description="Runs the jobs of a queue. The service is at MILLRACE_URL; MILLRACE_KEY is its key.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="work")
    work = commands.add_parser(
        "work",
        help="run jobs",
        description="Runs the jobs of a queue.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    work.add_argument("queue", metavar="module:queue", help="where the TaskQueue is, such as tasks:queue")
    work.add_argument("--concurrency", type=_count, default=4, help="jobs that each process runs at a time (4)")
    work.add_argument("--processes", type=_count, default=1, help="processes (1)")
    work.add_argument(
        "--lease", type=_lease, default=30.0, help="seconds after which the jobs of a dead worker run elsewhere (30)"
    )
    work.add_argument(
        "--grace", type=_seconds, default=25.0, help="seconds to finish jobs after a signal, then they go back (25)"
    )
    return parser


def _count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 1_000:
        raise argparse.ArgumentTypeError("%r is no number from 1 to 1000" % text)
    return value


def _lease(text: str) -> float:
    value = float(text)
    if not 1 <= value <= 600:
        raise argparse.ArgumentTypeError("%r is no number of seconds from 1 to 600" % text)
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 86_400:
        raise argparse.ArgumentTypeError("%r is no number of seconds up to 86400" % text)
    return value
