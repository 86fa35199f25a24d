import { beforeAll, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/errors.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import type { Fault } from '../../../src/schemas/problem.ts';
import { announceTasks } from '../../../src/tasks/announcements.ts';
import { expectProblem, type Pointers } from '../../helpers/api/expect-schema.ts';
import { JSON_TYPE, type Message, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { stored } from '../../helpers/redis/dump.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

beforeAll(async () => {
  const input = {
    type: 'object',
    properties: { n: { type: 'integer', minimum: 1 }, 'a/b': { items: { type: 'string' } } },
    required: ['n'],
  };
  const tasks = [{ name: 'typed', input }, { name: 'echo' }];
  await announceTasks(redis.client, queueKeys('mr', 'announced'), tasks);
});

/** Expects that the request is rejected and stores nothing. */
async function expectRejected(message: Message, status: number, code: ErrorCode, pointers?: Pointers) {
  const before = await stored(redis);
  const answer = await send(api.origin, message);
  expectProblem(answer, status, code, pointers);
  expect(await stored(redis)).toEqual(before);
  return answer;
}

const expectJobRejected = (job: unknown, pointers: Pointers) =>
  expectRejected({ headers: JSON_TYPE, body: JSON.stringify(job) }, 400, 'invalid-request', pointers);

describe('an invalid job', () => {
  const faulty: Record<string, readonly unknown[]> = {
    task: [undefined, null, 7, '', 'a b', ' echo', 'a\n', 'ü', '-x', '../x', 'x'.repeat(129), 'a\u0000', {}],
    queue: [7, '', 'a:b', '{x}', '../x', '.x', '-x', 'ü', 'a b', 'a\n', 'q'.repeat(65), []],
    priority: ['', 'urgent', 'HIGH', 1],
    delay: ['', '5 m', '-1s', '1.5s', -1, 1.5, 1e300, '999999999999d', '5', 'm', '1w', '1s1s', true, '3651d'],
    runAt: [
      0,
      '',
      'tomorrow',
      '2026-02-30T00:00:00Z',
      '2026-01-31',
      '2026-01-31T12:00:00',
      '9999-01-01T00:00:00Z',
      '1969-12-31T23:59:59Z',
    ],
    attempts: [0, 101, 1.5, '3', -1],
    timeout: [0, '0s', '25d', -5, 'soon'],
    expiresIn: [-1, 'x', '3651d', 0.5],
    resultTtl: [0, '0ms', '3651d', '1y'],
    key: [1, '', 'k'.repeat(256), {}],
    metadata: [[], 'x', { a: 1 }, { 'a\nb': 5 }, { a: 'x'.repeat(1_025) }, { ['k'.repeat(129)]: 'x' }],
    keepPayload: ['true', 1],
    backoff: ['fixed', {}, { type: 'fixed' }, { delay: 1 }],
  };
  const rows = Object.entries(faulty).flatMap(([field, values]) =>
    values.map((value): [string, string, unknown] => [
      field,
      JSON.stringify(value)?.slice(0, 40) ?? 'missing',
      value,
    ]),
  );

  it.each(rows)('is rejected with the %s %s', async (field, _shown, value) => {
    const answer = await expectRejected(
      { headers: JSON_TYPE, body: JSON.stringify({ task: 'echo', [field]: value }) },
      400,
      'invalid-request',
    );
    for (const { pointer } of answer.body.errors) expect(pointer).toMatch(new RegExp(`^/${field}(/|$)`));
  });

  it.each<[string, object, Pointers]>([
    ['an unknown field', { task: 'echo', tsak: 1 }, ['/tsak']],
    [
      'several faults at once',
      { task: 'a b', queue: 'a:b', x: 1, attempts: 0 },
      ['/attempts', '/queue', '/task', '/x'],
    ],
    [
      'an unknown field in backoff',
      { task: 'echo', backoff: { type: 'fixed', delay: 1, x: 1 } },
      ['/backoff/x'],
    ],
    ['a wrong type of backoff', { task: 'echo', backoff: { type: 'linear', delay: 1 } }, ['/backoff/type']],
    [
      'bad numbers in backoff',
      { task: 'echo', backoff: { type: 'fixed', delay: '1 s', max: -1, jitter: 2 } },
      ['/backoff/delay', '/backoff/jitter', '/backoff/max'],
    ],
    [
      'a backoff that is too long',
      { task: 'echo', backoff: { type: 'fixed', delay: '3651d', max: '999999999999d' } },
      ['/backoff/delay', '/backoff/max'],
    ],
    ['runAt beside delay', { task: 'echo', delay: 1, runAt: '2026-01-31T12:00:00Z' }, ['/runAt']],
    [
      'too many labels',
      { task: 'echo', metadata: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [i, ''])) },
      ['/metadata'],
    ],
    ['a field of a later issue', { task: 'echo', uniqueKey: 'x' }, ['/uniqueKey']],
    ['a name that needs escapes', { task: 'echo', 'a/b~c': 1 }, ['/a~1b~0c']],
  ])('is rejected with %s', (_name, job, pointers) => expectJobRejected(job, pointers).then(() => undefined));

  it('gets the expected form of a field', async () => {
    const { body } = await expectJobRejected({ task: 'echo', runAt: 'tomorrow', delay: '5 m' }, [
      '/delay',
      '/runAt',
    ]);
    const details = Object.fromEntries(body.errors.map((fault: Fault) => [fault.pointer, fault.detail]));
    expect(details['/runAt']).toMatch(/^does not have the right form\. .*RFC 3339/);
    expect(details['/delay']).toMatch(/^does not have the right form\. .*"30s"/);
  });

  it('gets the names of the existing fields', async () => {
    const { body } = await expectJobRejected({ task: 'echo', tsak: 1 }, ['/tsak']);
    expect(body.errors[0].detail).toMatch(/known are: task, queue, payload, /);
  });

  it('is rejected when no worker of the queue has its task', async () => {
    const body = JSON.stringify({ task: 'tpyed', queue: 'announced' });
    const answer = await expectRejected({ headers: JSON_TYPE, body }, 422, 'unknown-task', ['/task']);
    expect(answer.body.knownTasks).toEqual(['echo', 'typed']);
    expect(answer.body.detail).toContain('Announced tasks: echo, typed.');
  });

  it.each<[unknown, Pointers]>([
    [undefined, ['/payload']],
    [{}, ['/payload/n']],
    [{ n: 0 }, ['/payload/n']],
    [{ n: 'x', 'a/b': ['y', 1] }, ['/payload/a~1b/1', '/payload/n']],
  ])('is rejected with the payload %j, which does not match its task', async (payload, pointers) => {
    const body = JSON.stringify({ task: 'typed', queue: 'announced', payload });
    await expectRejected({ headers: JSON_TYPE, body }, 422, 'invalid-payload', pointers);
  });

  it.each([['""'], ['k'.repeat(256)], ['"a'.repeat(2)], ['k\u00e9']])(
    'is rejected with the Idempotency-Key %s',
    async (key) => {
      const headers = { ...JSON_TYPE, 'idempotency-key': key };
      await expectRejected({ headers, body: '{"task":"echo"}' }, 400, 'invalid-request', [
        '/idempotency-key',
      ]);
      const batch = { path: '/jobs/batch', headers, body: '{"jobs":[{"task":"echo"}]}' };
      await expectRejected(batch, 400, 'invalid-request', ['/idempotency-key']);
    },
  );
});
