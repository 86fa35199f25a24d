import { beforeAll, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/errors.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { MAX_BULK_JOBS } from '../../../src/schemas/http.ts';
import { BulkSubmitResponse } from '../../../src/schemas/jobs/submit-answers.ts';
import type { Problem } from '../../../src/schemas/problem.ts';
import { announceTasks } from '../../../src/tasks/announcements.ts';
import { expectProblem, expectShape, type Pointers, pointersOf } from '../../helpers/api/expect-schema.ts';
import { JSON_TYPE, type Message, NDJSON_TYPE, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { stored } from '../../helpers/redis/dump.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const MAX_BYTES = 100_000;
const redis = useRedis();
const api = useApi(redis, { MAX_PAYLOAD_BYTES: String(MAX_BYTES) });
const path = '/jobs/batch';

beforeAll(async () => {
  const input = { type: 'object', required: ['n'] };
  await announceTasks(redis.client, queueKeys('mr', 'announced'), [{ name: 'typed', input }]);
});

/** The jobs of a mixed batch, each with the status and pointers that it gets. */
const MIXED: readonly [line: string, status: number, code?: ErrorCode, pointers?: Pointers][] = [
  ['{"task":"echo","queue":"mixed"}', 202],
  ['{"task":"a b"}', 400, 'invalid-request', ['/task']],
  ['null', 400, 'invalid-request', ['']],
  ['{"task":"tpyed","queue":"announced"}', 422, 'unknown-task', ['/task']],
  ['{"task":"typed","queue":"announced","payload":{}}', 422, 'invalid-payload', ['/payload/n']],
  ['{"task":"echo","delay":"999999999999d"}', 400, 'invalid-request', ['/delay']],
  ['{"task":"echo","delay":1,"runAt":"2026-01-31T12:00:00Z"}', 400, 'invalid-request', ['/runAt']],
  ['{"task":"echo","queue":"mixed","delay":"1h"}', 202],
];

interface Item {
  status: number;
  problem?: Problem;
}

function expectItems(items: Item[], rows: typeof MIXED): void {
  expect(items.map(({ status, problem }) => [status, problem?.code])).toEqual(
    rows.map(([, status, code]) => [status, code]),
  );
  const pointers = items.map(({ problem }) => problem && pointersOf(problem));
  expect(pointers).toEqual(rows.map(([, , , expected]) => expected));
}

async function expectRejected(message: Message, status: number, code: ErrorCode, pointers?: Pointers) {
  const before = await stored(redis);
  const answer = await send(api.origin, { path, ...message });
  expectProblem(answer, status, code, pointers);
  expect(await stored(redis)).toEqual(before);
}

describe('a bulk submit with invalid jobs', () => {
  it.each<[string, Message]>([
    ['JSON', { headers: JSON_TYPE, body: `{"jobs":[${MIXED.map(([line]) => line).join(',')}]}` }],
    ['NDJSON', { headers: NDJSON_TYPE, body: MIXED.map(([line]) => line).join('\n') }],
  ])('stores the others and returns an outcome for each, in %s', async (_name, message) => {
    const before = await redis.client.xlen(queueKeys('mr', 'mixed').stream.normal);
    const answer = await send(api.origin, { path, ...message });
    expect(answer.status).toBe(207);
    expectShape(BulkSubmitResponse, answer.body);
    expectItems(answer.body.items, MIXED);
    expect(await redis.client.xlen(queueKeys('mr', 'mixed').stream.normal)).toBe(before + 1);
    await expectRejected({ ...message, path: `${path}?atomic=true` }, 400, 'invalid-batch');
  });

  it('stores nothing when all are invalid', async () => {
    const rows = MIXED.filter(([, status]) => status !== 202);
    const before = await stored(redis);
    const body = rows.map(([line]) => line).join('\n');
    const answer = await send(api.origin, { path, headers: NDJSON_TYPE, body });
    expectItems(answer.body.items, rows);
    expect(await stored(redis)).toEqual(before);
  });

  it('names broken lines and reads the lines after them', async () => {
    const lines = ['{"task":"echo"', 'x', '{"task":"echo","queue":"after"}', Buffer.from([0x22, 0xff, 0x22])];
    const body = Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from('\n')]));
    const answer = await send(api.origin, { path, headers: NDJSON_TYPE, body });
    const items: Item[] = answer.body.items;
    expect(items.map(({ status, problem }) => [status, problem?.code])).toEqual([
      [400, 'broken-json'],
      [400, 'broken-json'],
      [202, undefined],
      [400, 'broken-json'],
    ]);
    expect(items[0]?.problem?.detail).toMatch(/^The line cannot be read as JSON: ./);
  });

  it('rejects all with a pointer to each fault when atomic', async () => {
    const body = MIXED.slice(0, 3)
      .map(([line]) => line)
      .join('\n');
    await expectRejected({ path: `${path}?atomic=true`, headers: NDJSON_TYPE, body }, 400, 'invalid-batch', [
      '/jobs/1/task',
      '/jobs/2',
    ]);
  });
});

describe('a malformed bulk submit', () => {
  const lines = (count: number, queue: string) => `{"task":"echo","queue":"${queue}"}\n`.repeat(count);

  it.each<[string, string, Pointers]>([
    ['nothing', '', ['']],
    ['no jobs', '{}', ['/jobs']],
    ['an empty list', '{"jobs":[]}', ['/jobs']],
    ['no list', '{"jobs":{"task":"echo"}}', ['/jobs']],
    ['a bare list', '[{"task":"echo"}]', ['']],
    ['another field', '{"jobs":[{"task":"echo"}],"atomic":true}', ['/atomic']],
    ['too many jobs', `{"jobs":[${'0,'.repeat(MAX_BULK_JOBS)}0]}`, ['/jobs']],
  ])('is rejected as JSON with %s', async (_name, body, pointers) => {
    await expectRejected({ headers: JSON_TYPE, body }, 400, 'invalid-request', pointers);
  });

  it.each(['', '\n', ' \r\n\t\n'])('is rejected without any line: %j', async (body) => {
    await expectRejected({ headers: NDJSON_TYPE, body }, 400, 'invalid-request', ['/jobs']);
    await expectRejected(
      { path: `${path}?atomic=true`, headers: NDJSON_TYPE, body },
      400,
      'invalid-request',
      ['/jobs'],
    );
  });

  it.each<[string, Message['headers']]>([
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['no type', {}],
    ['lines in Latin 1', { 'content-type': 'application/x-ndjson; charset=latin1' }],
    ['compressed lines', { ...NDJSON_TYPE, 'content-encoding': 'gzip' }],
  ])('is rejected with 415 as %s', async (_name, headers = {}) => {
    await expectRejected({ headers, body: lines(1, 'x') }, 415, 'unsupported-media-type');
  });

  it.each(['yes', '', '1', 'true&atomic=true'])('is rejected with atomic=%s', async (atomic) => {
    const message = { path: `${path}?atomic=${atomic}`, headers: NDJSON_TYPE, body: lines(1, 'x') };
    await expectRejected(message, 400, 'invalid-request', ['/atomic']);
  });

  it('has each line beyond the most jobs rejected', async () => {
    const body = lines(MAX_BULK_JOBS + 2_000, 'many');
    const answer = await send(api.origin, { path, headers: NDJSON_TYPE, body });
    expect(answer.status).toBe(207);
    expectShape(BulkSubmitResponse, { items: answer.body.items.slice(-2) });
    const statuses = answer.body.items.map(({ status }: Item) => status);
    expect(statuses).toEqual([...Array(MAX_BULK_JOBS).fill(202), ...Array(2_000).fill(413)]);
    expect(await redis.client.xlen(queueKeys('mr', 'many').stream.normal)).toBe(MAX_BULK_JOBS);
  });

  it('is rejected as a whole with too many lines when atomic', async () => {
    const message = { path: `${path}?atomic=true`, headers: NDJSON_TYPE };
    const few = '{"task":"a"}\n'.length;
    expect(few * (MAX_BULK_JOBS + 1)).toBeGreaterThan(MAX_BYTES);
    await expectRejected({ ...message, body: lines(MAX_BULK_JOBS + 1, 'x') }, 413, 'payload-too-large');
    await expectRejected({ ...message, body: '0\n'.repeat(MAX_BULK_JOBS + 1) }, 413, 'payload-too-large');
  });

  it('has a line of many megabytes rejected, and the lines after it stored', async () => {
    const body = `${lines(1, 'long')}{"task":"echo","payload":"${'x'.repeat(8_000_000)}"}\n${lines(1, 'long')}`;
    const answer = await send(api.origin, { path, headers: NDJSON_TYPE, body });
    expect(answer.status).toBe(207);
    expect(answer.body.items).toMatchObject([
      { status: 202 },
      { status: 413, problem: { detail: `The line has more than ${MAX_BYTES} bytes.` } },
      { status: 202 },
    ]);
    expect(await redis.client.xlen(queueKeys('mr', 'long').stream.normal)).toBe(2);
  });

  it.each(['', '?atomic=true'])('is rejected without a body, whatever its content type%s', async (query) => {
    for (const type of ['application/json', 'application/x-ndjson', 'text/plain', 'multipart/form-data']) {
      for (const key of [{}, { 'idempotency-key': 'none' }]) {
        const headers = { 'content-type': type, 'content-length': '0', ...key };
        const answer = await send(api.origin, { path: path + query, headers });
        expect([type, answer.status]).toEqual([type, 400]);
      }
    }
  });

  it('takes bounded memory when every job is invalid', async () => {
    const noise = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [i, 0]));
    const body = `${JSON.stringify(noise)}\n`.repeat(1_000);
    const answer = await send(api.origin, { path, headers: NDJSON_TYPE, body });
    expect(answer.body.items).toHaveLength(1_000);
    expect(answer.text.length).toBeLessThan(body.length);
  });
});
