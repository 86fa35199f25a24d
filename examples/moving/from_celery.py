"""
Moves what waits in a queue of Celery to Millrace, tasks with an ETA included. Needs celery 5 and millrace.
Usage: python3 from_celery.py MODULE:APP QUEUE [TARGET]. TARGET is the queue in Millrace, QUEUE by default.
Stop its workers first (SIGTERM): they give back what they have fetched. Run it again after a break: nothing is stored twice.
MILLRACE_URL and MILLRACE_KEY say where the jobs go.
"""

import importlib
import os
import sys
from datetime import datetime, timedelta, timezone

from millrace import ApiError, TaskQueue


def time_of(text):
    """A time of a message, in UTC unless it says otherwise; None where there is none."""
    if text is None:
        return None
    time = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)


def move(message, queue):
    """Stores the task of a message. Returns why it must stay, else None."""
    headers = message.headers
    try:
        args, kwargs, embed = message.payload
    except Exception as error:  # Another serializer, or version 1 of the protocol.
        return "its message cannot be read: %s" % error
    if any(embed.get(name) for name in ("chord", "chain", "callbacks", "errbacks")) or headers.get("group"):
        return "it belongs to a group, chain or chord"
    run_at, expires = time_of(headers.get("eta")), time_of(headers.get("expires"))
    now = datetime.now(timezone.utc)
    if expires is not None and expires <= now:
        return None  # Celery would revoke it.
    try:
        queue.submit(
            headers["task"],
            {"args": args, "kwargs": kwargs},
            run_at=run_at if run_at is not None and run_at > now else None,
            expires_in=None if expires is None else max(expires - now, timedelta(seconds=1)),
            metadata={"celeryId": headers["id"]},
            idempotency_key="celery:" + headers["id"],
        )
    except ApiError as error:
        if error.code == "idempotency-mismatch":
            return None  # Stored before the break, with a time that has passed since.
        if error.status not in (400, 413, 422):
            raise
        return str(error)
    return None


def main(app_path, name, target):
    module, _, variable = app_path.partition(":")
    sys.path.insert(0, os.getcwd())
    app = getattr(importlib.import_module(module), variable or "app")
    queue = TaskQueue(target)
    moved, left = 0, []
    with app.connection_for_read() as connection:
        source = connection.SimpleQueue(app.amqp.queues[name])
        while True:
            try:
                message = source.get(block=False)
            except source.Empty:
                break
            reason = move(message, queue)
            if reason is None:
                # Only now is it gone from the broker.
                message.ack()
                moved += 1
            else:
                print("Task %s stays: %s" % (message.headers.get("id"), reason), file=sys.stderr)
                left.append(message)
        for message in left:
            message.requeue()
        source.close()
    print("%s: %d moved, %d left" % (name, moved, len(left)))
    return 1 if left else 0


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit("Usage: python3 from_celery.py MODULE:APP QUEUE [TARGET]")
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[-1]))
