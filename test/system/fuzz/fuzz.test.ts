import { beforeAll, describe, expect, it } from 'vitest';
import { queueKeys } from '../../../src/redis/keys.ts';
import { HistoryPage } from '../../../src/schemas/event.ts';
import { BulkSubmitResponse, JobPage, Readiness } from '../../../src/schemas/http.ts';
import { Job } from '../../../src/schemas/job.ts';
import { HeartbeatResponse, TakeResponse } from '../../../src/schemas/lease.ts';
import { Problem } from '../../../src/schemas/problem.ts';
import { QueueList, QueueStats, QueueSummary } from '../../../src/schemas/queue.ts';
import { PendingList } from '../../../src/schemas/queues/pending.ts';
import { SettledJob, SettleResponse } from '../../../src/schemas/settle.ts';
import { Acknowledged, EventsRead, Subscription } from '../../../src/schemas/subscription.ts';
import { AnnouncedTask, TaskList } from '../../../src/schemas/task-http.ts';
import { announceTasks } from '../../../src/tasks/announcements.ts';
import { expectShape } from '../../helpers/api/expect-schema.ts';
import { ADMIN_KEY, bearer, makeKey, WITH_KEYS } from '../../helpers/api/keys.ts';
import { type Answer, JSON_TYPE, type Message, NDJSON_TYPE, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';

/** Set it to repeat what failed. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_260_131);
const REQUESTS = 90;
/** FUZZ_REQUESTS=100000 sends so many. */
const ROUNDS = Math.ceil(Number(process.env['FUZZ_REQUESTS'] ?? 540) / REQUESTS);

const redis = useRedis();
const SETTINGS = { MAX_PAYLOAD_BYTES: '20000' };
const open = useApi(redis, SETTINGS);
const locked = useApi(redis, { ...SETTINGS, ...WITH_KEYS });

/** mulberry32: the same numbers for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1.5,
  1e300,
  2 ** 53,
  '',
  ' ',
  'x',
  '5m',
  '0s',
  '-1s',
  '\u0000',
  '\ud800',
  '😀'.repeat(50),
  'x'.repeat(5_000),
  [],
  {},
  [[]],
  { a: { b: {} } },
  'constructor',
  'toString',
  '__proto__',
  '2026-01-31T12:00:00Z',
  '%s%n',
];
const ODD_BYTES = [
  '\u0000',
  '{',
  '}',
  '"',
  '\\',
  ',',
  '\n',
  '\r\n',
  '\u2028',
  'é',
  '[[[[',
  '1e999',
  '/*',
  "'",
  '%',
  '..',
];

class Mutator {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  one<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined && values.length === 0) throw new Error('nothing to choose from');
    return value as T;
  }

  /** A job with some of its fields, one or two of which are changed at times. */
  job(): unknown {
    const fields: Record<string, unknown> = {
      queue: this.one(['fuzz', 'announced', 'default']),
      payload: this.one(ODD_VALUES),
      priority: this.one(['critical', 'low']),
      delay: this.one([0, '1h', 5]),
      attempts: 3,
      backoff: { type: 'fixed', delay: '1s', max: 5, jitter: 0.1 },
      timeout: '5m',
      expiresIn: this.one(['1h', 0]),
      resultTtl: '1d',
      metadata: { a: 'b' },
      keepPayload: true,
      runAt: '2026-01-31T12:00:00Z',
    };
    const kept = Object.entries(fields).filter(() => this.chance(0.25));
    const job: Record<string, unknown> = { task: this.one(['echo', 'typed']), ...Object.fromEntries(kept) };
    if (this.chance(0.3))
      job[this.one([...Object.keys(fields), 'task', 'extra', 'toString'])] = this.one(ODD_VALUES);
    if (this.chance(0.1))
      Reflect.set(Object(job['backoff']), this.one(['type', 'delay', 'x']), this.one(ODD_VALUES));
    return this.chance(0.05) ? this.one(ODD_VALUES) : job;
  }

  /** The text with something put in, taken out or doubled. */
  text(text: string): string {
    const at = this.below(text.length + 1);
    const length = this.below(8);
    const [before, middle, after] = [text.slice(0, at), text.slice(at, at + length), text.slice(at + length)];
    return this.one([
      before + this.one(ODD_BYTES) + middle + after,
      before + after,
      before + middle + middle + after,
    ]);
  }
}

beforeAll(async () => {
  const input = {
    type: 'object',
    properties: { n: { type: 'integer' } },
    additionalProperties: { $ref: '#' },
  };
  const tasks = [{ name: 'typed', input }, { name: 'echo' }];
  await announceTasks(redis.client, queueKeys('mr', 'announced'), tasks);
});

/** What each answer that is no problem must look like, by the start of the path. */
const SHAPES: readonly [RegExp, Parameters<typeof expectShape>[0]][] = [
  [/^\/jobs\/batch/, BulkSubmitResponse],
  [/^\/jobs\/[^/]+\/(complete|fail|release|progress|checkpoint|log$)/, SettledJob],
  [/^\/jobs/, Job],
  [/^\/leases\/[^/]+\/heartbeat/, HeartbeatResponse],
  [/^\/leases\/[^/]+\/settle/, SettleResponse],
  [/^\/leases/, TakeResponse],
  [/^\/tasks/, TaskList],
  [/^\/queues\/[^/]+\/tasks/, AnnouncedTask],
  [/^\/queues\/[^/]+\/stats/, QueueStats],
  [/^\/queues\/[^/]+\/jobs/, JobPage],
  [/^\/queues\/[^/]+\/pending/, PendingList],
  [/^\/queues\/[^/]+\/(pause|resume)/, QueueSummary],
  [/^\/queues\/[^/]+\/history/, HistoryPage],
  [/^\/queues\/[^/]+\/subscriptions\/[^/]+\/read/, EventsRead],
  [/^\/queues\/[^/]+\/subscriptions\/[^/]+\/ack/, Acknowledged],
  [/^\/queues\/[^/]+\/subscriptions\/[^/]+$/, Subscription],
  [/^\/pending/, PendingList],
  [/^\/queues/, QueueList],
  [/^\/readyz/, Readiness],
];

function judge(message: Message, answer: Answer): void {
  const shown = `seed ${SEED}: ${JSON.stringify(message).slice(0, 2_000)} -> ${answer.status} ${answer.text.slice(0, 500)}`;
  expect(answer.status, shown).toBeLessThan(500);
  if (answer.status >= 400) {
    expect(answer.headers['content-type'], shown).toMatch(/^application\/problem\+json/);
    expectShape(Problem, answer.body);
    return;
  }
  const bare = answer.status === 204 || answer.status === 304;
  if (bare) expect(answer.text, shown).toBe('');
  const shape = SHAPES.find(([pattern]) => pattern.test(message.path ?? ''))?.[1];
  if (shape !== undefined && !bare) expectShape(shape, answer.body);
}

function submission(random: Mutator): Message {
  const jobs = Array.from({ length: random.below(4) }, () => random.job());
  const [path, headers, body] = random.one<[string, Message['headers'], string]>([
    ['/jobs', JSON_TYPE, JSON.stringify(random.job())],
    ['/jobs?wait=0.01', JSON_TYPE, JSON.stringify(random.job())],
    ['/jobs/batch', JSON_TYPE, JSON.stringify({ jobs })],
    ['/jobs/batch?atomic=true', JSON_TYPE, JSON.stringify({ jobs })],
    ['/jobs/batch', NDJSON_TYPE, jobs.map((job) => JSON.stringify(job)).join('\n')],
    ['/jobs/batch?atomic=true', NDJSON_TYPE, jobs.map((job) => JSON.stringify(job)).join('\n')],
  ]);
  return {
    method: 'POST',
    path,
    headers: { ...headers },
    body: random.chance(0.2) ? random.text(body) : body,
  };
}

function question(random: Mutator, ids: readonly string[]): Message {
  const id = random.chance(0.3) ? random.text(random.one(ids)) : random.one(ids);
  const queue = random.chance(0.2) ? random.text('fuzz') : random.one(['fuzz', 'default', 'none']);
  const number = random.one(['0', '1', '3', '-1', 'x', '1e3', '0.01', '']);
  const cursor = random.text(Buffer.from(`${random.below(25)} 1-1`).toString('base64url'));
  const [method, path] = random.one([
    ['GET', `/jobs/${id}`],
    ['GET', `/jobs/${id}?wait=0.01`],
    ['DELETE', `/jobs/${id}`],
    ['POST', `/jobs/${id}/cancel`],
    ['GET', `/queues/${queue}/stats`],
    ['GET', `/queues/${queue}/jobs?limit=${number}`],
    ['GET', `/queues/${queue}/jobs?cursor=${encodeURIComponent(cursor)}`],
    ['GET', `/queues/${queue}/pending?limit=${number}`],
    ['POST', `/queues/${queue}/pause`],
    ['POST', `/queues/${queue}/resume`],
    ['GET', `/queues/${queue}/history?limit=${number}&cursor=${random.text('1-1-1')}`],
    ['PUT', `/queues/${queue}/subscriptions/${random.text('sub')}`],
    ['POST', `/queues/${queue}/subscriptions/sub/read`],
    ['GET', `/queues/${queue}/subscriptions/sub`],
    ['GET', '/pending'],
    ['GET', '/queues'],
    ['GET', '/readyz'],
  ]);
  const headers = random.chance(0.2)
    ? { prefer: random.text('return=representation').replaceAll(/[^ -~]/g, '?') }
    : {};
  // What no request line can hold never leaves a client.
  return { method, path: path?.replaceAll(/[^!-~]/g, (letter) => encodeURIComponent(letter)), headers };
}

/** Work over HTTP: of jobs that there are and others, under leases that there are and others. */
function work(random: Mutator, ids: readonly string[], leases: readonly string[]): Message {
  const known = random.one(leases);
  const lease = random.chance(0.3) ? random.text(known) : known;
  const id = random.chance(0.2) ? random.text(random.one(ids)) : random.one(ids);
  const odd = random.one(ODD_VALUES);
  const queues = random.one<unknown>([['fuzz', 'default'], ['announced'], ['fuzz'], ['fuzz', 'fuzz'], odd]);
  const error = random.chance(0.3) ? odd : { message: 'x', data: odd };
  const [method, path, body] = random.one<[string, string, unknown]>([
    ['POST', '/leases', { queues, max: random.one([1, 3, odd]), leaseMs: 60_000 }],
    ['POST', '/leases', { queues, tasks: random.one([['echo'], odd]), worker: random.one(['me@here', odd]) }],
    ['POST', `/leases/${lease}/heartbeat`, random.one([undefined, {}, { leaseMs: odd }])],
    ['POST', `/leases/${lease}/settle?next=2`, { complete: [{ id, result: odd }] }],
    ['POST', `/leases/${lease}/settle`, { fail: [{ id, error }], release: random.one([[{ id }], odd]) }],
    ['POST', `/jobs/${id}/complete`, { lease, result: odd }],
    ['POST', `/jobs/${id}/fail`, { lease, error, retryInMs: random.one([0, odd]) }],
    ['POST', `/jobs/${id}/release`, { lease, delayMs: random.one([0, odd]) }],
    ['POST', `/jobs/${id}/progress`, { lease, progress: odd }],
    ['POST', `/jobs/${id}/checkpoint`, { lease, checkpoint: odd }],
    ['POST', `/jobs/${id}/log`, { lease, log: random.one([odd, [odd, { level: odd, message: odd }]]) }],
    ['PUT', '/queues/fuzz/tasks/echo', { attempts: random.one([3, odd]), input: random.one([{}, odd]) }],
    ['DELETE', '/queues/fuzz/tasks/echo', undefined],
    ['GET', `/tasks?queue=${random.one(['fuzz', 'none'])}`, undefined],
  ]);
  const text = JSON.stringify(body);
  return {
    method,
    path: path.replaceAll(/[^!-~]/g, (letter) => encodeURIComponent(letter)),
    ...(text === undefined
      ? {}
      : { headers: { ...JSON_TYPE }, body: random.chance(0.1) ? random.text(text) : text }),
  };
}

/** Headers that clients, proxies and browsers add. None of them may break an answer. */
const ODD_HEADERS: readonly [string, string][] = [
  ['accept', 'text/html;q=0.1, */*;q=x'],
  ['authorization', 'Bearer mrk_id_secret'],
  ['content-type', 'application/json\t; charset=utf-8'],
  ['forwarded', 'for=1.2.3.4;host=evil.example'],
  ['idempotency-key', '"order-4711"'],
  ['if-match', 'W/"a", "b"'],
  ['if-none-match', '*'],
  ['last-event-id', '1-1-1'],
  ['origin', 'http://localhost'],
  ['prefer', 'wait=0.01, return=minimal'],
  ['sec-fetch-site', 'same-origin'],
  ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
  ['x-forwarded-for', '1.2.3.4, evil'],
  ['x-request-id', 'request-1'],
];

/** The message, at times with such headers, right or changed. */
function withOddHeaders(random: Mutator, message: Message): Message {
  if (!random.chance(0.2)) return message;
  const [name, value] = random.one(ODD_HEADERS);
  const odd = random.chance(0.5)
    ? value
    : random
        .text(value)
        .replaceAll(/[^\t -~]/g, '?')
        .trim();
  return { ...message, headers: { ...message.headers, [name]: odd } };
}

/** Sends random requests, each with one of these headers that say who sends it, and judges the answers. */
async function fuzz(seed: number, origin: string, callers: readonly Message['headers'][]): Promise<void> {
  const random = new Mutator(seed);
  const ids = ['default~n1-0'];
  const leases = [`me.${'0'.repeat(24)}~n5c~default`];
  let taken = 0;
  for (let i = 0; i < REQUESTS; i += 1) {
    const ask = random.one([
      () => submission(random),
      () => question(random, ids),
      () => work(random, ids, leases),
    ]);
    const { headers, ...rest } = ask();
    const message = withOddHeaders(random, { ...rest, headers: { ...headers, ...random.one(callers) } });
    const answer = await send(origin, message);
    judge(message, answer);
    if (typeof answer.body?.id === 'string') ids.push(answer.body.id);
    if (typeof answer.body?.lease === 'string') leases.push(answer.body.lease);
    if (answer.status < 300) taken += 1;
  }
  // Most mutations are mild: requests that all fail would show little.
  expect(taken).toBeGreaterThan(REQUESTS / 5);
}

const seedsOf = (rounds: number): number[] => Array.from({ length: rounds }, (_, i) => SEED + i);

describe('a service under odd requests', () => {
  it.each(seedsOf(Math.ceil(ROUNDS / 2)))('answers each as it promises, seed %i', (seed) =>
    fuzz(seed, open.origin, [{}]),
  );

  it.each(seedsOf(Math.ceil(ROUNDS / 2)))('that asks for keys does so, too, seed %i', async (seed) => {
    const { key } = await makeKey(locked.origin, ['submit:fuzz', 'read:def*', 'work:fuzz']);
    const callers = [bearer(key), bearer(`${key.slice(0, -1)}x`), bearer('x'), { authorization: key }, {}];
    // Most come with all rights, so that they reach more than the door.
    const admins = callers.map(() => bearer(ADMIN_KEY));
    await fuzz(seed, locked.origin, [...admins, ...admins, ...callers]);
  });
});
