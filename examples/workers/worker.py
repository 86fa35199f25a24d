#!/usr/bin/env python3
"""A Millrace worker: one job at a time, run several for more. Python 3.8 or newer, nothing to install."""
import json, os, signal, socket, sys, threading, time, urllib.request as web
from concurrent.futures import ThreadPoolExecutor, wait
def upper(payload, stop):  # A task. One that takes long looks at `stop` now and then: set, it is to give up.
    if stop.wait(payload.get("sleepMs", 0) / 1000) or payload.get("fail"):
        raise RuntimeError("told to stop" if stop.is_set() else "told to fail")
    return {"text": payload["text"].upper()}
TASKS, POOL, LEASE_MS = {"upper": upper}, ThreadPoolExecutor(1), int(os.environ.get("LEASE_MS", "30000"))
URL = os.environ.get("MILLRACE_URL", "http://127.0.0.1:3000")
HEAD = {"content-type": "application/json", "authorization": "Bearer " + os.environ.get("MILLRACE_KEY", "")}

def post(path, body, timeout=10):  # Returns status and answer; no answer at all is a 503 too.
    message = web.Request(URL + path, json.dumps(body).encode(), HEAD)
    try:
        with web.urlopen(message, timeout=timeout) as answer: return answer.status, json.load(answer)
    except web.HTTPError as refused: return refused.code, {"detail": refused.read().decode()}
    except Exception as trouble: return 503, {"detail": str(trouble)}

def work(job, lease):
    run = POOL.submit(TASKS[job["task"]], job["payload"], stop := threading.Event())
    while not wait([run], LEASE_MS / 3000).done:
        status, answer = post(f"/leases/{lease}/heartbeat", {})
        if status == 409 or job["id"] in answer.get("cancel", []): stop.set()
    bad = run.exception()
    verb, said = ("fail", {"error": {"message": str(bad)}}) if bad else ("complete", {"result": run.result()})
    path, end = f"/jobs/{job['id']}/{verb}", time.monotonic() + LEASE_MS / 1000
    while (answer := post(path, {"lease": lease, **said}))[0] >= 500 and time.monotonic() < end:
        time.sleep(1)  # To say it again does no harm. When the lease has ended, others have the job.
    if answer[0] >= 400: print(path, *answer, file=sys.stderr)  # 409: it is lost, others have it.
WISH = {"queues": os.environ.get("QUEUES", "default").split(","), "tasks": list(TASKS), "waitMs": 30_000,
        "leaseMs": LEASE_MS, "worker": f"python-{os.getpid()}@{socket.gethostname()}"}
busy, stopping = threading.Event(), threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stopping.set() if busy.is_set() else sys.exit(0))
while not stopping.is_set():  # SIGTERM cuts a poll short at once; a job in hand is finished first.
    status, taken = post("/leases", WISH, 40)
    busy.set()
    for job in taken.get("jobs", []): work(job, taken["lease"])
    busy.clear()
    if status != 200: print(status, taken["detail"], file=sys.stderr) or time.sleep(1)
    if 400 <= status < 500: sys.exit(1)  # It would be refused again.
