"""The tasks of a worker that a driver starts."""
import os

from millrace import TaskQueue, current_job

queue = TaskQueue(os.environ["WORK_QUEUE"])


@queue.task(form="payload")
def echo(payload):
    return payload


@queue.task(form="payload")
def fail(payload):
    kind = type(str((payload or {}).get("name", "Error")), (Exception,), {})
    raise kind("it failed")


@queue.task(form="payload")
def sleep(payload):
    current_job().sleep(payload["ms"] / 1000)


@queue.task(form="payload")
def steps(_payload):
    current_job().progress({"step": 1})
    current_job().log("one step")
