import { describe, expect, it } from 'vitest';
import { Millrace, type MillraceError } from '../../../src/client/index.ts';
import { json, useStubService } from './stub-service.ts';

const stub = useStubService();
const client = (options = {}) => new Millrace({ url: stub.origin, ...options });

/** A value of another type than the compiler allows. */
const wrong = (value: unknown) => value as never;

function faultOf(call: () => unknown): MillraceError {
  try {
    call();
  } catch (error) {
    return error as MillraceError;
  }
  throw new Error('it was accepted');
}

describe('an option of the client', () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ['another protocol', { url: 'ftp://x' }, /^The url is no address of a service. Use one such as http/],
    ['no address', { url: 'localhost' }, /^The url is no address/],
    ['a number', { url: 3000 }, /^The url is no address/],
    ['a password', { url: 'http://me:secret@x' }, /^The url holds a user name or a password/],
    ['a password in no address', { url: 'http://me:secret@x:port' }, /^The url is no address/],
    ['a key with a line break', { key: 'mr_\nsecret' }, /^The key has characters/],
    ['a key of other letters', { key: 'ключ-secret' }, /^The key has characters/],
    ['no tries', { tries: 0 }, /^tries is 0. It must be a number from 1/],
    ['tries without a number', { tries: Number.NaN }, /^tries is NaN/],
    ['a timeout without a number', { requestTimeoutMs: Number.NaN }, /^requestTimeoutMs is NaN/],
  ])('is refused at once: %s', (_what, options, message) => {
    const error = faultOf(() => new Millrace(options));
    expect(error).toMatchObject({ name: 'MillraceError', code: 'invalid-argument', status: 0 });
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('secret');
  });

  it('that is empty, as a variable of the environment may be, counts as absent', async () => {
    stub.reply(json(200, { items: [] }));
    expect(() => new Millrace({ url: '', key: '' })).not.toThrow();
    await client({ key: '' }).jobs().page();
    await client({ key: () => ' mr_key\n' })
      .jobs()
      .page();
    expect(stub.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, 'Bearer mr_key']);
  });

  it('may be a timeout without an end', async () => {
    stub.reply(json(200, { items: [] }));
    expect(await client({ requestTimeoutMs: Number.POSITIVE_INFINITY }).jobs().page()).toEqual({ items: [] });
  });
});

const cycle: Record<string, unknown> = {};
cycle['self'] = cycle;

/** Each is a mistake of the caller: it is told at once, and nothing is sent. */
const MISTAKES: readonly [string, (mr: Millrace) => Promise<unknown>, RegExp][] = [
  [
    'a payload with a BigInt',
    (mr) => mr.submit('a', { n: 1n }),
    /^The body cannot be sent as JSON: .*BigInt/,
  ],
  ['a payload with a circle', (mr) => mr.submit('a', cycle), /^The body cannot be sent as JSON: .*circular/],
  [
    'a batch with a BigInt',
    (mr) => mr.batch([{ task: 'a', payload: 1n }]),
    /^The body cannot be sent as JSON/,
  ],
  [
    'an Idempotency-Key of two lines',
    (mr) => mr.submit('a', 1, { idempotencyKey: 'a\nb' }),
    /^idempotency-key is "a\\nb"/,
  ],
  [
    'an Idempotency-Key of other letters',
    (mr) => mr.submit('a', 1, { idempotencyKey: 'ключ' }),
    /^idempotency-key is/,
  ],
  [
    'a trace of other letters',
    (mr) => mr.submit('a', 1, { trace: { traceparent: 'ü' } }),
    /^traceparent is "ü"/,
  ],
  [
    'a lastEventId of two lines',
    (mr) => mr.events({ lastEventId: 'a\nb' }).next(),
    /^last-event-id is "a\\nb"/,
  ],
  [
    'a reconnectFor without a number',
    (mr) => mr.events({ reconnectFor: Number.NaN }).next(),
    /^reconnectFor is "NaN"/,
  ],
  [
    'a timeout without a number',
    (mr) => mr.job('a~n1-0').result({ timeout: Number.NaN }),
    /^timeout is "NaN"/,
  ],
  [
    'a timeout in words',
    (mr) => mr.job('a~n1-0').result({ timeout: 'soon' }),
    /^timeout is "soon". It must be milliseconds/,
  ],
  ['a timeout in the past', (mr) => mr.job('a~n1-0').ended({ timeout: -1 }), /^timeout is "-1"/],
  ['a header of two lines', (mr) => mr.request('GET', '/jobs', { headers: { x: '1\n2' } }), /^x is/],
  [
    'a body of a GET',
    (mr) => mr.request('GET', '/jobs', { body: {} }),
    /^The request cannot be sent: .*body/,
  ],
  ['a method of two words', (mr) => mr.request('GET IT', '/jobs'), /^The request cannot be sent: .*method/],
  ['a path without a slash', (mr) => mr.request('GET', 'jobs'), /^The path is "jobs"/],
  ['a path that leads elsewhere', (mr) => mr.request('GET', '/jobs/../keys'), /^The path is/],
  ['no tries', (mr) => mr.request('GET', '/jobs', { tries: 0 }), /^tries is 0/],
  [
    'a wait without a number',
    (mr) => mr.queue('q').subscriptions.read('s', { waitMs: Number.NaN }),
    /^waitMs is NaN/,
  ],
];

describe('a mistake of the caller', () => {
  it.each(MISTAKES)('is told at once: %s', async (_what, call, message) => {
    const error: MillraceError = await call(client()).then(
      () => expect.fail('it was accepted'),
      (reason) => reason,
    );
    expect(error).toMatchObject({ name: 'MillraceError', code: 'invalid-argument' });
    expect(error.message).toMatch(message);
    expect(stub.requests).toEqual([]);
  });

  it('in a function for the key comes to the caller as it is', async () => {
    const key = () => {
      throw new Error('no token');
    };
    await expect(client({ key }).get('a~n1-0')).rejects.toThrow('no token');
    await expect(client({ key }).events().next()).rejects.toThrow('no token');
    await expect(client({ key: () => 'a\nb' }).get('a~n1-0')).rejects.toThrow('The key has characters');
    expect(stub.requests).toEqual([]);
  });
});

const NAMED: Readonly<Record<string, (mr: Millrace, name: string) => unknown>> = {
  get: (mr, name) => mr.get(name),
  job: (mr, name) => mr.job(name).cancel(),
  queue: (mr, name) => mr.queue(name).get(),
  'queue events': (mr, name) => mr.queue(name).events().next(),
  'workers.get': (mr, name) => mr.workers.get(name),
  'workers.drain': (mr, name) => mr.workers.drain(name),
  'keys.revoke': (mr, name) => mr.keys.revoke(name),
  'schedules.get': (mr, name) => mr.schedules.get(name),
  'schedules.put': (mr, name) => mr.schedules.put(name, { every: '1h', job: { task: 'a' } }),
  'schedules.pause': (mr, name) => mr.schedules.pause(name),
  'schedules.resume': (mr, name) => mr.schedules.resume(name),
  'schedules.run': (mr, name) => mr.schedules.run(name),
  'schedules.remove': (mr, name) => mr.schedules.remove(name),
  'schedules.preview': (mr, name) => mr.schedules.preview(name),
  'subscriptions.get': (mr, name) => mr.queue('q').subscriptions.get(name),
  'subscriptions.put': (mr, name) => mr.queue('q').subscriptions.put(name),
  'subscriptions.read': (mr, name) => mr.queue('q').subscriptions.read(name),
  'subscriptions.ack': (mr, name) => mr.queue('q').subscriptions.ack(name, { upTo: '1-0' }),
  'subscriptions.remove': (mr, name) => mr.queue('q').subscriptions.remove(name),
};

it.each(Object.entries(NAMED))('%s refuses a name that leads to another place', async (_what, call) => {
  stub.reply(json(200, {}));
  for (const name of ['', '.', '..', '%2e', wrong(undefined), wrong(null)]) {
    const refusal = (async () => call(client(), name))();
    await expect(refusal, String(name)).rejects.toMatchObject({ code: 'invalid-argument' });
  }
  expect(stub.requests).toEqual([]);
});

it('an Idempotency-Key that is null counts as absent', async () => {
  stub.reply(json(202, { id: 'default~n1-0', status: 'queued' }));
  await client().submit('a', 1, { idempotencyKey: wrong(null) });
  expect(stub.requests[0]?.headers['idempotency-key']).toMatch(/^[0-9a-f]{32}$/);
});

it('all tries send the payload as it was at the call', async () => {
  const bodies: string[] = [];
  const payload = { n: 1 };
  const send: typeof fetch = async (_, init) => {
    bodies.push(String(init?.body));
    if (bodies.length === 1) throw new TypeError('the connection broke');
    return Response.json({ id: 'default~n1-0', status: 'queued' });
  };
  const submitted = client({ fetch: send }).submit('a', payload);
  payload.n = 2;
  await submitted;
  expect(bodies).toEqual(Array(2).fill('{"task":"a","payload":{"n":1}}'));
});
