"""The driver of the Python client: ../README.md has the protocol. With --asyncio it drives AsyncTaskQueue."""
import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[2] / "clients" / "python" / "src"
sys.path.insert(0, str(SOURCE))

from millrace import ApiError, AsyncTaskQueue, JobFailed, TaskQueue, Unreachable, WaitTimeout  # noqa: E402
from millrace._json import encode  # noqa: E402

IS_ASYNC = "--asyncio" in sys.argv
Queue = AsyncTaskQueue if IS_ASYNC else TaskQueue
queue = Queue()
lock = threading.Lock()
tasks = {}
streams = {}
workers = []


def write(line):
    with lock:
        sys.stdout.buffer.write(encode(line) + b"\n")
        sys.stdout.buffer.flush()


def fault_of(error):
    if isinstance(error, ApiError):
        fault = {"code": error.code, "status": error.status, "message": str(error)}
        if error.request_id is not None:
            fault["requestId"] = error.request_id
        if error.retry_after is not None:
            fault["retryAfter"] = error.retry_after
        return fault
    if isinstance(error, JobFailed):
        code = "job-" + error.job.last_status
        return {"code": code, "status": 0, "message": str(error), "job": error.job.data}
    codes = [(WaitTimeout, "timed-out"), (Unreachable, "unreachable"), (asyncio.CancelledError, "aborted")]
    code = next((code for kind, code in codes if isinstance(error, kind)), "defect")
    return {"code": code, "status": 0, "message": "%s: %s" % (type(error).__name__, error)}


def snake(name):
    return re.sub("[A-Z]", lambda letter: "_" + letter.group().lower(), name)


DURATIONS = ("delay", "timeout", "expires_in", "result_ttl")


def options_of(members):
    """Members of the API as options of the client: its numbers are seconds, not milliseconds."""
    options = {snake(name): value for name, value in (members or {}).items()}
    for name, value in options.items():
        if name in DURATIONS and isinstance(value, (int, float)):
            options[name] = value / 1000
        elif isinstance(value, dict) and name in ("backoff", "unique", "debounce", "cache"):
            inner = ("delay", "max", "wait", "maxWait", "for")
            options[name] = {
                key: each / 1000 if key in inner and isinstance(each, (int, float)) else each
                for key, each in value.items()
            }
    return options


async def value_of(given):
    """Of a coroutine, or what a client with threads has given at once."""
    return await given if asyncio.iscoroutine(given) else given


async def all_of(pages):
    if IS_ASYNC:
        return [item async for item in pages]
    return list(pages)


async def job_of(args):
    return queue.job(args["id"])


async def connect(args):
    global queue
    queue = Queue(url=args["url"], key=args.get("key", ""), tries=args.get("tries"))


async def submit(args):
    options = options_of(args.get("options"))
    return (await value_of(queue.submit(args["task"], args.get("payload"), **options))).data


async def batch(args):
    jobs = [options_of(job) for job in args["jobs"]]
    outcomes = await value_of(queue.submit_many(jobs, atomic=args.get("atomic") is True))
    return [
        {"status": each.status, "problem": each.problem} if isinstance(each, ApiError) else {"status": 202, "id": each.id}
        for each in outcomes
    ]


async def result(args):
    return await value_of((await job_of(args)).wait(args.get("timeoutMs", 60_000) / 1000))


async def wait(args):
    job = await job_of(args)
    try:
        await value_of(job.wait(args.get("timeoutMs", 60_000) / 1000))
    except JobFailed:
        pass
    return job.data


def verb(name, with_changes=False):
    async def run(args):
        changes = options_of(args.get("changes")) if with_changes else {}
        done = await value_of(getattr(await job_of(args), name)(**changes))
        return None if done is None else done.data

    return run


async def change(args):
    if not args.get("ifUnchanged"):
        return await verb("change", with_changes=True)(args)
    job = await value_of(queue.get(args["id"]))
    if args.get("before") is not None:
        await value_of(queue.job(job.id).change(**options_of(args["before"])))
    return (await value_of(job.change(if_unchanged=True, **options_of(args["changes"])))).data


async def logs(args):
    after = args.get("after", 0)
    items = await value_of((await job_of(args)).logs(after=after))
    return {"items": items, "dropped": items[0]["line"] - after - 1 if items else 0}


def request(method, path, body=None):
    """A request of the API whose path has names of arguments, such as `/queues/{name}`."""

    async def run(args):
        from urllib.parse import quote

        whole = re.sub(r"\{(\w+)\}", lambda part: quote(str(args[part.group(1)]), safe=""), path)
        return await value_of(queue.request(method, whole, body=None if body is None else body(args)))

    return run


def listing(path, query=lambda args: args.get("filter")):
    async def run(args):
        from urllib.parse import quote

        whole = re.sub(r"\{(\w+)\}", lambda part: quote(str(args[part.group(1)]), safe=""), path)
        return await all_of(queue.pages(whole, query(args)))

    return run


def steps(method, path):
    """Counts over all steps of a request that goes step by step."""

    async def run(args):
        whole, cursor, count = path.replace("{name}", args["name"]), None, 0
        while True:
            query = {**(args.get("filter") or {}), "cursor": cursor}
            step = await value_of(queue.request(method, whole, query=query))
            count, cursor = count + step["count"], step.get("nextCursor")
            if cursor is None:
                return count

    return run


def members(*names):
    return lambda args: {name: args[name] for name in names if args.get(name) is not None}


async def preview(args):
    return await value_of(queue.preview_schedule(args.get("definition") or args["schedule"], args["n"]))


async def work(args):
    """A worker as users start it, with the tasks of tasks.py."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "WORK_QUEUE": args["queue"], "MILLRACE_URL": queue.url}
    command = [sys.executable, "-m", "millrace", "work", "python_tasks:queue"]
    command += ["--concurrency", str(args.get("concurrency", 4))]
    worker = subprocess.Popen(command, cwd=HERE, env=environment, stderr=subprocess.PIPE, text=True)
    workers.append(worker)
    loop = asyncio.get_running_loop()
    line = await loop.run_in_executor(None, worker.stderr.readline)
    if " works on " not in line:
        raise RuntimeError("the worker said: " + line)
    threading.Thread(target=worker.stderr.read, daemon=True).start()


async def stop_work(_args):
    loop = asyncio.get_running_loop()
    while workers:
        worker = workers.pop()
        worker.send_signal(signal.SIGTERM)
        await loop.run_in_executor(None, worker.wait)


def messages_of(args, job):
    if job is not None:
        return job.events(args.get("lastEventId"))
    source = queue if args.get("queue") is None else Queue(args["queue"], url=queue.url)
    return source.events(args.get("types"), args.get("lastEventId"), all_queues=args.get("queue") is None)


async def follow(args):
    """Begins to write the messages of a stream, until it ends or `unfollow` comes."""
    call = args["call"]
    if IS_ASYNC:
        tasks[call] = asyncio.ensure_future(write_messages(args))
    else:
        threading.Thread(target=lambda: asyncio.run(write_messages(args)), daemon=True).start()


async def write_messages(args):
    call = args["call"]
    try:
        messages = messages_of(args, None if args.get("job") is None else await job_of({"id": args["job"]}))
        if IS_ASYNC:
            async for message in messages:
                write({"follow": call, "message": message})
        else:
            streams[call] = messages
            for message in messages:
                write({"follow": call, "message": message})
        write({"follow": call, "end": None})
    except asyncio.CancelledError:
        pass
    except Exception as error:
        write({"follow": call, "end": fault_of(error)})


async def unfollow(args):
    if IS_ASYNC:
        tasks[args["call"]].cancel()
    else:
        streams[args["call"]].close()


async def abort(args):
    tasks[args["call"]].cancel()


HANDLERS = {
    "connect": connect,
    "submit": submit,
    "batch": batch,
    "get": lambda args: job_data(args),
    "result": result,
    "wait": wait,
    "cancel": verb("cancel"),
    "retry": verb("retry"),
    "change": change,
    "rerun": verb("rerun", with_changes=True),
    "remove": verb("remove"),
    "logs": logs,
    "find": listing("/jobs"),
    "queue.get": request("GET", "/queues/{name}"),
    "queue.stats": request("GET", "/queues/{name}/stats"),
    "queue.pause": request("POST", "/queues/{name}/pause", members("for", "until")),
    "queue.resume": request("POST", "/queues/{name}/resume"),
    "queue.set": request("PUT", "/queues/{name}", lambda args: args["settings"]),
    "queue.remove": request("DELETE", "/queues/{name}"),
    "queue.jobs": listing("/queues/{name}/jobs"),
    "queue.history": listing("/queues/{name}/history"),
    "queue.keys": listing("/queues/{name}/keys"),
    "dead.list": listing("/queues/{name}/jobs", lambda args: {"status": "failed"}),
    "dead.retry": steps("POST", "/queues/{name}/dead/retry"),
    "dead.purge": steps("DELETE", "/queues/{name}/dead"),
    "schedules.put": request("PUT", "/schedules/{schedule}", lambda args: args["definition"]),
    "schedules.get": request("GET", "/schedules/{schedule}"),
    "schedules.pause": request("POST", "/schedules/{schedule}/pause"),
    "schedules.resume": request("POST", "/schedules/{schedule}/resume"),
    "schedules.run": request("POST", "/schedules/{schedule}/run"),
    "schedules.remove": request("DELETE", "/schedules/{schedule}"),
    "schedules.preview": preview,
    "schedules.list": listing("/schedules"),
    "keys.create": request("POST", "/keys", members("name", "scopes")),
    "keys.list": listing("/keys"),
    "keys.revoke": request("DELETE", "/keys/{key}"),
    "workers.list": listing("/workers"),
    "tasks.list": listing("/tasks"),
    "audit.list": listing("/audit"),
    "subscriptions.put": request(
        "PUT", "/queues/{name}/subscriptions/{sub}", lambda args: args.get("settings") or {}
    ),
    "subscriptions.read": request("POST", "/queues/{name}/subscriptions/{sub}/read", members("max")),
    "subscriptions.ack": request("POST", "/queues/{name}/subscriptions/{sub}/ack", members("upTo")),
    "follow": follow,
    "unfollow": unfollow,
    "work": work,
    "work.stop": stop_work,
}
if IS_ASYNC:
    HANDLERS["abort"] = abort


async def job_data(args):
    return (await value_of(queue.get(args["id"]))).data


async def answer(call):
    handler = HANDLERS.get(call["op"])
    try:
        if handler is None:
            fault = {"code": "no-such-op", "status": 0, "message": "%s is not known" % call["op"]}
            return write({"id": call["id"], "error": fault})
        # A call that goes on is known by its id.
        args = {**call["args"], "call": call["id"]} if handler is follow else call["args"]
        write({"id": call["id"], "ok": await handler(args)})
    except BaseException as error:
        write({"id": call["id"], "error": fault_of(error)})


async def drive():
    loop = asyncio.get_running_loop()
    while True:
        line = await loop.run_in_executor(None, sys.stdin.buffer.readline)
        if not line:
            return
        call = json.loads(line)
        if IS_ASYNC:
            tasks[call["id"]] = asyncio.ensure_future(answer(call))
        else:
            threading.Thread(target=lambda call=call: asyncio.run(answer(call)), daemon=True).start()


write({"hello": "python", "ops": list(HANDLERS)})
asyncio.run(drive())
for left in workers:
    left.kill()
os._exit(0)
