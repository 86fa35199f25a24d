import { beforeAll, expect, it } from 'vitest';
import { MAX_BULK_JOBS } from '../../src/schemas/http.ts';
import { usePost } from '../helpers/api/post-apart.ts';
import { useApi } from '../helpers/api/server.ts';
import { longestTurn, MAX_TURN_MS } from '../helpers/api/turns.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);
beforeAll(async () => {
  const input = {
    type: 'object',
    additionalProperties: false,
    properties: { to: { type: 'string', format: 'email' }, n: { type: 'integer' } },
  };
  await api.http.put('/queues/default/tasks/mail').send({ input });
  await api.http.put('/queues/default/tasks/echo').send({});
});

const post = usePost(api);
const batch = (job: string) => `{"jobs":[${Array(MAX_BULK_JOBS).fill(job).join(',')}]}`;
const lines = (job: string) => Array(MAX_BULK_JOBS).fill(job).join('\n');
const BAD = '{"task":7,"queue":"","delay":"x","more":1}';
const TWO_TIMES = '{"task":"echo","delay":"1d","runAt":"2030-01-01T00:00:00Z"}';
const GOOD = '{"task":"echo","payload":{"a":1}}';
const MAIL = '{"task":"mail","payload":{"to":"a@example.com","n":1}}';
const NO_MAIL = '{"task":"mail","payload":{"to":7,"n":"x","more":1}}';
const deep = (levels: number) => {
  const one = '['.repeat(levels) + ']'.repeat(levels);
  return `{"task":"echo","payload":[${Array(Math.floor(1_000_000 / one.length))
    .fill(one)
    .join(',')}]}`;
};
const members = Array.from({ length: 80_000 }, (_, i) => `"k${i}":1`).join(',');
const NUMBERS = `{"task":"echo","payload":[${Array(100_000).fill('1.0e3').join(',')}]}`;
const BROKEN_AT_THE_END = `{"task":"echo","payload":[${Array(300_000).fill('1').join(',')},"\\ud83d"]}`;
const ESCAPED = Array.from({ length: 60_000 }, (_, i) => `"\\u0063${i}":1`).join(',');
const DEEP_FAULT = `{"x":${'['.repeat(500_000)}"\\ud83d"${']'.repeat(500_000)}}`;
const JSON_BODY = 'application/json';
const KEY = 'idempotency-key: a';

it.each<[string, string, string, string, string[], number]>([
  ['10,000 jobs that break the schema', '/jobs/batch', JSON_BODY, batch(BAD), [], 207],
  ['as many lines', '/jobs/batch', 'application/x-ndjson', lines(BAD), [], 207],
  ['as many in an atomic batch', '/jobs/batch?atomic=true', JSON_BODY, batch(BAD), [], 400],
  ['as many with a key', '/jobs/batch', JSON_BODY, batch(BAD), [KEY], 207],
  ['10,000 jobs with two times', '/jobs/batch', JSON_BODY, batch(TWO_TIMES), [], 207],
  ['1 MB that is nested 990 deep', '/jobs', JSON_BODY, deep(990), [], 400],
  ['1 MB that is nested 50 deep', '/jobs', JSON_BODY, deep(50), [], 202],
  ['80,000 members', '/jobs', JSON_BODY, `{"task":"echo","payload":{${members}}}`, [], 202],
  ['10,000 good jobs', '/jobs/batch', JSON_BODY, batch(GOOD), [], 207],
  ['as many in an atomic batch with a key', '/jobs/batch?atomic=true', JSON_BODY, batch(GOOD), [KEY], 207],
  [
    '80,000 members with a key',
    '/jobs',
    JSON_BODY,
    `{"task":"echo","payload":{${members}}}`,
    ['idempotency-key: b'],
    202,
  ],
  ['1 MB that is nested 50 deep with a key', '/jobs', JSON_BODY, deep(50), ['idempotency-key: c'], 202],
  ['100,000 numbers with a key', '/jobs', JSON_BODY, NUMBERS, ['idempotency-key: d'], 202],
  ['a fault behind 300,000 numbers', '/jobs', JSON_BODY, BROKEN_AT_THE_END, [], 400],
  ['10,000 jobs with a schema', '/jobs/batch', JSON_BODY, batch(MAIL), [], 207],
  ['as many lines', '/jobs/batch', 'application/x-ndjson', lines(MAIL), [], 207],
  ['10,000 payloads that break their schema', '/jobs/batch', JSON_BODY, batch(NO_MAIL), [], 207],
  ['80,000 unknown members', '/jobs', JSON_BODY, `{"task":"echo",${members}}`, [], 400],
  ['80,000 members of metadata', '/jobs', JSON_BODY, `{"task":"echo","metadata":{${members}}}`, [], 400],
  [
    'a job with as many unknown members',
    '/jobs/batch',
    JSON_BODY,
    `{"jobs":[{${members}},${GOOD}]}`,
    [],
    207,
  ],
  ['60,000 escaped names', '/jobs', JSON_BODY, `{"task":"echo","payload":{${ESCAPED}}}`, [], 202],
  ['a lone surrogate 500,000 deep', '/jobs', JSON_BODY, DEEP_FAULT, [], 400],
  ['a name of 1 MB', '/jobs', JSON_BODY, `{"task":"echo","metadata":{"${'~/'.repeat(500_000)}":1}}`, [], 400],
  ['500,000 items', '/jobs/batch', JSON_BODY, `{"jobs":[${Array(500_000).fill('0').join(',')}]}`, [], 400],
  [
    '80,000 members that break their schema',
    '/jobs',
    JSON_BODY,
    `{"task":"mail","payload":{${members}}}`,
    [],
    422,
  ],
])('others get their turn during a request: %s', async (_name, path, type, body, headers, status) => {
  // What runs for the first time is compiled first.
  await post(path, type, body.startsWith('{"jobs"') ? '{"jobs":[{"task":7}]}' : '{"task":7}');
  const turn = await longestTurn(async () => {
    expect(await post(path, type, body, headers)).toBe(status);
  });
  expect(turn).toBeLessThan(MAX_TURN_MS);
});
