import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { freePort } from '../../../src/local/redis-settings.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { usePython } from './python.ts';

const redis = useRedis();
const api = useApi(redis);
const python = usePython(() => api.origin);

/** Python sees a service that answers as the listener says. */
async function withStub(answer: RequestListener, run: (origin: string) => Promise<void>): Promise<void> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

it('sends the options of a submit as the API has them', async () => {
  const id = await python.run(`
from datetime import datetime, timedelta, timezone
from millrace import TaskQueue
queue = TaskQueue('options')
job = queue.submit('any', {'n': 1}, delay=timedelta(minutes=1), priority='high', key='ada', attempts=3,
    backoff={'type': 'fixed', 'delay': 0.5}, timeout=2.5, expires_in='1h', metadata={'a': 'b'}, tags=['x'],
    keep_payload=True)
later = queue.submit('any', run_at=datetime(2099, 1, 1, tzinfo=timezone.utc))
assert later.data['runAt'] == '2099-01-01T00:00:00.000Z', later.data
assert job.status == 'scheduled' and job.result is None and job.error is None
try:
    queue.submit('any', dealy=1)
except TypeError as error:
    assert 'There is no option dealy' in str(error), error
else:
    raise AssertionError
print(job.id)
`);
  const job = await api.get(id);
  const ms = (from: string | undefined, to: string) => Date.parse(from ?? '') - Date.parse(to);
  expect(job).toMatchObject({
    priority: 'high',
    key: 'ada',
    maxAttempts: 3,
    metadata: { a: 'b' },
    tags: ['x'],
  });
  expect(ms(job.runAt, job.createdAt)).toBe(60_000);
  expect(ms(job.expiresAt, job.createdAt)).toBe(3_600_000);
});

it('makes a payload of arguments in each form, and refuses arguments that do not fit', async () => {
  const shown = await python.run(`
import json
from millrace import TaskQueue
queue = TaskQueue('forms')
def add(a, b=1, *rest, **named): ...
args, names, payload = queue.task(add), queue.task(form='names', name='n')(lambda a, b=1: None), queue.task(form='payload')(add)
def shown(job): return job.refresh().data['payload']
def refused(call):
    try: call()
    except TypeError as error: return str(error)
print(json.dumps([shown(args(1, 2, 3, c=4)), shown(names(1, b=2)), shown(payload([1])), refused(lambda: args()),
    refused(lambda: names(1, 2, 3)), refused(lambda: payload(1, 2)), shown(args.options(delay=60)(5))]))
`);
  expect(JSON.parse(shown)).toEqual([
    { args: [1, 2, 3], kwargs: { c: 4 } },
    { a: 1, b: 2 },
    [1],
    expect.stringContaining("missing a required argument: 'a'"),
    expect.stringContaining('too many positional arguments'),
    expect.stringContaining('one argument'),
    { args: [5], kwargs: {} },
  ]);
});

it('carries integers of any length, and texts of any kind, there and back', async () => {
  await python.run(`
from millrace import LargeInt, NotJson, TaskQueue
from millrace._json import decode, encode
queue = TaskQueue('exact')
large = 7 ** 30_000
values = [large, -large, {'deep': [large, 2**53 + 1]}, 'ü \\ud83d', True, 1.5, (1, 2)]
text = encode(values)
back = decode(text)
assert back[:3] == values[:3] and back[4:] == [True, 1.5, [1, 2]], back[3:]
assert isinstance(back[0], LargeInt) and len(str(back[0])) == 25353 and f'{back[0]}' == repr(back[0])
assert encode(back[:3]) == encode(values[:3])
assert queue.submit('any', large).refresh().data['payload'] == large
for wrong in ({1, 2}, float('nan'), {'x': b''}):
    try: encode(wrong)
    except NotJson as error: assert 'cannot be written as JSON' in str(error)
    else: raise AssertionError(wrong)
`);
});

it('repeats a submit whose answer was lost, and makes one job', async () => {
  let lost = 0;
  await withStub(
    async (incoming, outgoing) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const key = incoming.headers['idempotency-key'];
      const headers = {
        'content-type': 'application/json',
        ...(key === undefined ? {} : { 'idempotency-key': String(key) }),
      };
      const answer = await fetch(`${api.origin}${incoming.url}`, {
        method: 'POST',
        headers,
        body: Buffer.concat(chunks),
      });
      const text = await answer.text();
      lost += 1;
      if (lost < 3) outgoing.destroy();
      else outgoing.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
    },
    async (url) => {
      const script = `from millrace import TaskQueue; print(TaskQueue('lost', url='${url}').submit('any').id)`;
      const id = await python.run(script);
      const { body } = await api.http.get('/queues/lost/jobs');
      expect(body.items.map((job: { id: string }) => job.id)).toEqual([id]);
    },
  );
});

it('sees that a cancel, or a retry, whose answer was lost has been done', async () => {
  const cancelled = { id: 'a~n1-0', status: 'cancelled', attempt: 0 };
  let calls = 0;
  await withStub(
    (incoming, outgoing) => {
      const answer = (status: number, body: object) =>
        outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      if (incoming.method === 'GET')
        return void answer(200, calls === 0 ? { ...cancelled, status: 'queued' } : cancelled);
      calls += 1;
      if (calls === 1) return void outgoing.destroy();
      answer(409, { code: 'job-finished', detail: 'The job has ended.' });
    },
    async (url) => {
      const script = `
from millrace import ApiError, TaskQueue
job = TaskQueue(url='${url}').job('a~n1-0')
assert job.cancel().last_status == 'cancelled'
try: job.cancel()
except ApiError as error: print(error.code)
`;
      expect(await python.run(script)).toBe('job-finished');
    },
  );
});

it.each(['TaskQueue', 'AsyncTaskQueue'])(
  '%s names a job by its id without a request, and knows of it what was read',
  async (kind) => {
    const asked: string[] = [];
    await withStub(
      (incoming, outgoing) => {
        asked.push(`${incoming.method} ${incoming.url} ${incoming.headers['if-match'] ?? ''}`.trim());
        const headers = { 'content-type': 'application/json', etag: `"r${asked.length}"` };
        const job = { id: 'a~n1-0', task: 'any', status: 'scheduled', attempt: 0 };
        outgoing.writeHead(200, headers).end(JSON.stringify(job));
      },
      async (url) => {
        const shown = await python.run(`
import asyncio
from millrace import ${kind} as Queue, MillraceError, NotRead
async def value_of(given): return await given if asyncio.iscoroutine(given) else given
def refused(read):
    try: read()
    except NotRead as error: assert isinstance(error, MillraceError) and 'Call refresh() first' in str(error)
    else: raise AssertionError
async def main():
    queue = Queue(url='${url}')
    job = queue.job('a~n1-0')
    assert job.id == 'a~n1-0' and not job.has_ended and 'a~n1-0 not read' in repr(job)
    for name in ('data', 'task', 'last_status', 'result', 'error', 'progress', 'attempt'):
        refused(lambda: getattr(job, name))
    try: await value_of(job.change(delay=0, if_unchanged=True))
    except NotRead: print('not read')
    await value_of(job.cancel())
    assert job.task == 'any' and job.last_status == 'scheduled' and job.error is None
    await value_of(job.change(delay=0, if_unchanged=True))
    await value_of(job.change(delay=0))
    assert (await value_of(queue.get('a~n1-0'))).attempt == 0
asyncio.run(main())
`);
        expect(shown).toBe('not read');
        const path = '/jobs/a~n1-0';
        expect(asked).toEqual([`POST ${path}/cancel`, `PATCH ${path} "r1"`, `PATCH ${path}`, `GET ${path}`]);
      },
    );
  },
);

it('says what to do when nobody answers, when the URL is wrong, and when it is no Millrace', async () => {
  const port = await freePort();
  await withStub(
    (_, outgoing) => outgoing.writeHead(200).end('<html>'),
    async (url) => {
      await python.run(`
import os
from millrace import ApiError, MillraceError, TaskQueue, Unreachable
try: TaskQueue(url='http://127.0.0.1:${port}', tries=1).submit('any')
except Unreachable as error: assert 'Start the service, or set MILLRACE_URL' in str(error), error
else: raise AssertionError
for wrong in ('ftp://x', '127.0.0.1:3000', 'http://ada:secret@host'):
    try: TaskQueue(url=wrong)
    except ValueError as error: assert 'secret' not in str(error)
    else: raise AssertionError(wrong)
try: TaskQueue(key='se\\ncret')
except ValueError as error: assert 'cret' not in str(error)
else: raise AssertionError
try: TaskQueue(url='${url}').submit('any')
except MillraceError as error: assert 'not from Millrace' in str(error), error
else: raise AssertionError
assert 'mr_key' not in repr(TaskQueue(key='mr_key'))
`);
    },
  );
});

it('shares connections among threads, and forked processes open their own', async () => {
  const sockets = new Set<number>();
  await withStub(
    (incoming, outgoing) => {
      sockets.add(incoming.socket.remotePort ?? 0);
      const body = JSON.stringify({ id: incoming.headers['idempotency-key'], status: 'queued', attempt: 0 });
      setTimeout(() => outgoing.writeHead(202, { 'content-type': 'application/json' }).end(body), 5);
    },
    async (url) => {
      await python.run(`
import os, sys, threading
from millrace import TaskQueue
queue = TaskQueue(url='${url}')
ids, lock = [], threading.Lock()
def many():
    for n in range(20):
        job = queue.submit('any', idempotency_key='%d-%s-%d' % (os.getpid(), threading.get_ident(), n))
        assert job.id == '%d-%s-%d' % (os.getpid(), threading.get_ident(), n), job.id
        with lock: ids.append(job.id)
def round():
    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
round()
children = []
for _ in range(3):
    pid = os.fork()
    if pid == 0:
        try: round()
        except BaseException as error: print(error, file=sys.stderr); os._exit(1)
        os._exit(0 if len(ids) == 160 else 2)
    children.append(pid)
round()
assert len(ids) == 160
assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children] == [0, 0, 0]
`);
      expect(sockets.size).toBeLessThanOrEqual(16);
    },
  );
});

it('waits with asyncio for hundreds of jobs at a time', async () => {
  python.write(
    'hundreds.py',
    `
import asyncio
from millrace import AsyncTaskQueue
queue = AsyncTaskQueue('hundreds')

@queue.task
async def double(n):
    await asyncio.sleep(0.01)
    return 2 * n

async def main():
    jobs = await asyncio.gather(*(double(n) for n in range(200)))
    print(sum(await asyncio.gather(*jobs)))
    await queue.close()

if __name__ == '__main__':
    asyncio.run(main())
`,
  );
  const worker = await python.work('hundreds:queue', '--concurrency', '20');
  const program = python.start(['-W', 'error', 'hundreds.py']);
  expect(await program.ended()).toBe(0);
  expect(program.stdout.trim()).toBe(String(199 * 200));
  expect(await worker.stop()).toBe(0);
});

it('ends a stream of events that is closed, also from another thread', async () => {
  const script = `
import threading, time
from millrace import TaskQueue
queue = TaskQueue('closed')
with queue.events() as events:
    threading.Timer(0.5, events.close).start()
    start = time.monotonic()
    print(list(events), time.monotonic() - start < 10, list(events))`;
  expect(await python.run(script)).toBe('[] True []');
});

it('says at once that events are refused, and that no service answers', async () => {
  const script = `
from millrace import ApiError, TaskQueue, Unreachable
try:
    next(TaskQueue('q').events(types=['odd']))
except ApiError as error:
    print(error.status)
try:
    next(TaskQueue('q', url='http://127.0.0.1:1').events(reconnect_for=0))
except Unreachable as error:
    print('Unreachable')`;
  expect(await python.run(script)).toBe('400\nUnreachable');
});

it.each(['3.9', '3.10', '3.12', '3.13'])('works with Python %s where it is installed', async (version) => {
  const found = await python.run(`import glob, shutil; print(shutil.which('python${version}') or '')`);
  const path = await python.run(`
import glob, os
found = sorted(glob.glob(os.path.expanduser('/root/.pyenv/versions/${version}.*/bin/python3')))
print(found[0] if found else '${found}')`);
  if (path === '') return;
  python.write(
    'versions.py',
    `
import sys
from millrace import TaskQueue
queue = TaskQueue('python-${version}')

@queue.task
def power(n):
    return [7 ** n, sys.version_info[1]]

if __name__ == '__main__':
    queue.run(1)
    value, minor = power(20000)()
    queue.shutdown()
    print(minor, str(value)[-6:])
`,
  );
  const program = python.start(['-c', `import os; os.execv('${path}', ['${path}', 'versions.py'])`]);
  expect(await program.ended()).toBe(0);
  expect(program.stdout).toBe(`${version.split('.')[1]} ${String(7n ** 20_000n).slice(-6)}\n`);
});
