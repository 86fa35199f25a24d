import { JSON_TYPE, type Message, NDJSON_TYPE } from '../../helpers/api/send.ts';
import { type Mutator, ODD_VALUES } from './mutator.ts';

/** Submits, alone and in batches. */
export function submission(random: Mutator): Message {
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

/** Reads and manages jobs and queues that there are, and others. */
export function question(random: Mutator, ids: readonly string[]): Message {
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
export function work(random: Mutator, ids: readonly string[], leases: readonly string[]): Message {
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
export function withOddHeaders(random: Mutator, message: Message): Message {
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
