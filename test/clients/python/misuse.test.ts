import { expect, it } from 'vitest';
import { WITH_KEYS } from '../../helpers/api/keys.ts';
import { startReadyApi, useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { usePython } from './python.ts';

const redis = useRedis();
const api = useApi(redis);
const python = usePython(() => api.origin);

/** Each call is wrong by itself: the client says so at once, and asks no service. */
const WRONG_CALLS: readonly [string, string, string][] = [
  ["Queue('my queue')", 'ValueError', "'my queue' is no name of a queue. One has 1 to 64 letters"],
  ["Queue('')", 'ValueError', "'' is no name of a queue."],
  ["Queue('q' * 65)", 'ValueError', 'is no name of a queue.'],
  ["queue.job('')", 'ValueError', "The id of a job must not be ''."],
  ["queue.job('.')", 'ValueError', "The id of a job must not be '.'."],
  ["queue.job('..')", 'ValueError', "The id of a job must not be '..'."],
  ['queue.job(None)', 'TypeError', 'The id of a job must be a text, not None.'],
  ['queue.job(5)', 'TypeError', 'The id of a job must be a text, not 5.'],
  ['queue.preview_schedule(None)', 'TypeError', 'takes the id of a schedule or a definition, not None.'],
  ["queue.preview_schedule('..')", 'ValueError', "The id of a schedule must not be '..'."],
  ["queue.submit('any', delay=-1)", 'ValueError', 'delay is -1. Give a number of seconds from 0'],
  [
    "queue.submit('any', timeout=float('nan'))",
    'ValueError',
    'timeout is nan. Give a number of seconds from 0',
  ],
  ["queue.submit('any', expires_in=timedelta(seconds=-1))", 'ValueError', 'expires_in is -1. Give'],
  ["queue.submit('any', result_ttl=float('inf'))", 'ValueError', 'result_ttl is infinite.'],
  ["queue.submit('any', timeout=[1])", 'TypeError', 'timeout is [1]. Give a number of seconds from 0'],
  ["queue.submit('any', delay=True)", 'TypeError', 'delay is True. Give a number of seconds from 0'],
  ["queue.submit('any', cache=-1)", 'ValueError', 'cache is -1.'],
  ["queue.submit('any', backoff={'delay': -1})", 'ValueError', 'delay of backoff is -1.'],
  ["queue.submit('any', debounce={'max_wait': float('nan')})", 'ValueError', 'max_wait of debounce is nan.'],
  ["queue.submit_many([{'task': 'any', 'delay': -1}])", 'ValueError', 'delay is -1.'],
  ['queue.task(timeout=-1)', 'ValueError', 'timeout is -1.'],
  ["queue.task(print, name='p').options(delay=-1)", 'ValueError', 'delay is -1.'],
  [
    "queue.job('a~n1-0').wait(-1)",
    'ValueError',
    'timeout is -1. Give a number of seconds from 0, or a timedelta.',
  ],
  ["queue.job('a~n1-0').wait(float('nan'))", 'ValueError', 'timeout is nan.'],
  [
    "queue.job('a~n1-0').wait('5m')",
    'TypeError',
    "timeout is '5m'. Give a number of seconds from 0, or a timedelta.",
  ],
  ["queue.job('a~n1-0').change(delay=-1)", 'ValueError', 'delay is -1.'],
  ["queue.job('a~n1-0').rerun(timeout=-1)", 'ValueError', 'timeout is -1.'],
  ["queue.job('a~n1-0').events(reconnect_for=-1).close()", 'ValueError', 'reconnect_for is -1.'],
  ["queue.events(reconnect_for=float('nan'))", 'ValueError', 'reconnect_for is nan.'],
  ["queue.request('GET', '/queues/a b')", 'ValueError', "'/queues/a b' is no path."],
  ["queue.request('GET', 'queues')", 'ValueError', "'queues' is no path."],
  ["queue.request('GET', '/queues/ü')", 'ValueError', 'is no path.'],
  ["queue.request('GET', '/\\r\\nx: y')", 'ValueError', 'is no path.'],
  ["queue.request('G T', '/queues')", 'ValueError', "'G T' is no method of HTTP."],
  ["queue.request('GET', '/queues', headers={'x': 'a\\r\\ny: b'})", 'ValueError', "The header 'x' must be"],
  ["queue.request('GET', '/queues', headers={'x y': 'a'})", 'ValueError', "The header 'x y' must be"],
  ["queue.request('GET', '/queues', headers={'x': 5})", 'ValueError', "The header 'x' must be"],
  ["queue.submit('any', idempotency_key='a\\nb')", 'ValueError', 'An idempotency_key has'],
  ["queue.submit('any', float('nan'))", 'NotJson', 'The payload cannot be written as JSON'],
  ["type(queue)(url='http://h/a b')", 'ValueError', "'http://h/a b' has characters that a URL cannot have."],
  ["type(queue)(url='http://h/ü')", 'ValueError', 'has characters that a URL cannot have.'],
  ["type(queue)(url='http://h h')", 'ValueError', "'http://h h' names no host."],
  ["type(queue)(url='http://a..b')", 'ValueError', "'http://a..b' names no host."],
];

it.each(['TaskQueue', 'AsyncTaskQueue'])(
  '%s raises what the caller did wrong, and sends nothing',
  async (kind) => {
    const calls = WRONG_CALLS.map(([call]) => `lambda: ${call}`).join(',\n    ');
    const shown = await python.run(`
import asyncio, json, socket
from datetime import timedelta
from millrace import ${kind} as Queue
queue = Queue(url='http://127.0.0.1:1')
def refused(*args, **kwargs): raise AssertionError('a connection')
socket.create_connection = refused
asyncio.open_connection = refused
calls = [
    ${calls}]
def said(call):
    try:
        done = call()
        if asyncio.iscoroutine(done): asyncio.run(done)
        return [None, 'accepted']
    except Exception as error: return [type(error).__name__, str(error)]
print(json.dumps([said(call) for call in calls]))
`);
    expect(JSON.parse(shown)).toEqual(
      WRONG_CALLS.map(([, name, text]) => [name, expect.stringContaining(text)]),
    );
  },
);

it('says where a key goes when the service wants another one', async () => {
  const guarded = await startReadyApi(redis.url, WITH_KEYS);
  const shown = await python.run(
    `
import asyncio, json
from millrace import ApiError, AsyncTaskQueue, TaskQueue
async def of_asyncio():
    await AsyncTaskQueue().submit('any')
def said(call):
    try: call()
    except ApiError as error: return str(error)
calls = [lambda: TaskQueue().submit('any'), lambda: next(TaskQueue(key='mr_wrong').events()), lambda: asyncio.run(of_asyncio())]
print(json.dumps([said(call) for call in calls]))
`,
    { MILLRACE_URL: guarded.origin },
  );
  const advice = / Set MILLRACE_KEY, or give TaskQueue\(key=\.\.\.\)\.$/;
  expect(JSON.parse(shown)).toEqual([1, 2, 3].map(() => expect.stringMatching(advice)));
  await guarded.app.close();
});

it.each([
  ['a syntax error', 'queue = (', 'broken.py:1. SyntaxError: '],
  ['an error', '\nraise RuntimeError("no database")', 'broken.py:2. RuntimeError: no database'],
  [
    'an import that fails',
    'import json, nowhere',
    "broken.py:1. ModuleNotFoundError: No module named 'nowhere'",
  ],
  ['an end', 'import sys\nsys.exit("bye")', 'broken.py:2. SystemExit: bye'],
  [
    'an address that is none',
    'from millrace import TaskQueue\nqueue = TaskQueue(url="nonsense")',
    "broken.py:2. ValueError: 'nonsense' is no URL of a service.",
  ],
])('a worker ends with 2 and one message for a module with %s', async (_, text, said) => {
  python.write('broken.py', text);
  const worker = python.start(['-m', 'millrace', 'work', 'broken:queue', '--processes', '2']);
  expect(await worker.ended()).toBe(2);
  expect(worker.stderr).toContain('millrace: The module broken cannot be loaded at ');
  expect(worker.stderr).toContain(said);
  expect(worker.stderr).not.toContain('Traceback');
  expect(worker.stderr).not.toContain('takes its place');
});

it('a worker names the module of a file', async () => {
  const worker = python.start(['-m', 'millrace', 'work', './shop/images.py:queue']);
  expect(await worker.ended()).toBe(2);
  expect(worker.stderr).toContain('./shop/images.py is a file. Name its module: shop.images:queue.');
});

it('a worker ends with 2 when a package around the module fails', async () => {
  python.write('package.py', '1 / 0');
  const worker = python.start(['-m', 'millrace', 'work', 'package.tasks:queue']);
  expect(await worker.ended()).toBe(2);
  expect(worker.stderr).toContain('ZeroDivisionError');
  expect(worker.stderr).not.toContain('Traceback');
});
