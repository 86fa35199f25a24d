import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RemoteKeys } from '../../../src/access/tokens/remote-keys.ts';
import { type IssuerKey, keySet, newKey, useJwksServer } from '../../helpers/access/issuer.ts';
import { until } from '../../helpers/redis/server.ts';
import { recordEvents } from '../../helpers/telemetry/recorder.ts';
import { createManualClock, type ManualClock } from '../../helpers/workers/manual-clock.ts';

const server = useJwksServer();
let first: IssuerKey;
let second: IssuerKey;
let clock: ManualClock;
let keys: RemoteKeys;
const recorder = recordEvents('keys-trouble');

beforeAll(async () => {
  [first, second] = await Promise.all([newKey('first'), newKey('second')]);
});
beforeEach(() => {
  clock = createManualClock();
  keys = new RemoteKeys(server.url, clock, recorder.observe);
  server.serve(keySet(first));
});

const find = async ({ kid, alg }: Pick<IssuerKey, 'kid' | 'alg'>) =>
  keys.find({ kid, alg }, { payload: '', signature: '' });
const unavailable = { code: 'keys-unavailable' };

describe('keys at a URL', () => {
  it('are read once for all tokens', async () => {
    const before = server.requests;
    await Promise.all([find(first), find(first), find(first)]);
    await find(first);
    expect(server.requests).toBe(before + 1);
  });

  it('are read again for a key that is not among them', async () => {
    await find(first);
    server.serve(keySet(first, second));
    clock.advance(10_000);
    await expect(find(second)).resolves.toBeDefined();
  });

  it('are read for unknown keys at most every ten seconds', async () => {
    await find(first);
    const before = server.requests;
    clock.advance(10_000);
    for (let i = 0; i < 20; i += 1) {
      await expect(find({ kid: `wrong-${i}`, alg: 'ES256' })).rejects.not.toMatchObject(unavailable);
    }
    expect(server.requests).toBe(before + 1);
  });

  it('are read again behind the requests, and a withdrawn key goes', async () => {
    await find(first);
    const { version } = keys;
    server.serve(keySet(second));
    clock.advance(300_001);
    await expect(find(first)).resolves.toBeDefined();
    await until(() => keys.version !== version, 'another read');
    await expect(find(first)).rejects.not.toMatchObject(unavailable);
    await expect(find(second)).resolves.toBeDefined();
  });

  it('keep their version when nothing has changed', async () => {
    await find(first);
    const { version } = keys;
    const before = server.requests;
    clock.advance(300_001);
    await find(first);
    await until(() => server.requests > before, 'another read');
    await keys.stop();
    expect(keys.version).toBe(version);
  });
});

describe('while their server is away', () => {
  const away: [string, () => void][] = [
    ['answers 500', () => (server.answer = (response) => response.writeHead(500).end('{"keys":[]}'))],
    ['answers with a page', () => server.serve('<html>')],
    ['answers too much', () => server.serve(`${' '.repeat(300_000)}${keySet(first)}`)],
    [
      'redirects',
      () => (server.answer = (response) => response.writeHead(302, { location: server.url }).end()),
    ],
    ['breaks off', () => (server.answer = (response) => response.socket?.destroy())],
  ];

  it.each(away)('nothing is known of tokens: it %s', async (_how, take) => {
    take();
    await expect(find(first)).rejects.toMatchObject(unavailable);
    expect(recorder.ofKind('keys-trouble').at(-1)).toMatchObject({ where: 'JWKS_URL' });
  });

  it.each(away)('known keys work on, and unknown ones are not told wrong: it %s', async (_how, take) => {
    await find(first);
    take();
    clock.advance(300_001);
    await expect(find(first)).resolves.toBeDefined();
    await keys.stop();
    await expect(find(second)).rejects.toMatchObject(unavailable);
    await expect(find(first)).resolves.toBeDefined();
  });

  it('known keys work for a day', async () => {
    await find(first);
    server.answer = (response) => response.writeHead(503).end();
    clock.advance(86_399_000);
    await expect(find(first)).resolves.toBeDefined();
    await keys.stop();
    clock.advance(3_000);
    await expect(find(first)).rejects.toMatchObject(unavailable);
  });

  it('it is asked every three seconds, and the answer says when', async () => {
    server.answer = (response) => response.writeHead(503).end();
    const before = server.requests;
    await expect(find(first)).rejects.toMatchObject({ ...unavailable, retryAfterS: 3 });
    clock.advance(1_500);
    await expect(find(first)).rejects.toMatchObject({ ...unavailable, retryAfterS: 2 });
    expect(server.requests).toBe(before + 1);
    server.serve(keySet(first));
    clock.advance(1_500);
    await expect(find(first)).resolves.toBeDefined();
  });

  it('a server that never answers is given up after two seconds', async () => {
    server.answer = () => undefined;
    const from = performance.now();
    await expect(find(first)).rejects.toMatchObject(unavailable);
    expect(performance.now() - from).toBeGreaterThan(1_900);
  });

  it('a server that answers byte by byte is given up, too', async () => {
    server.answer = (response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 100);
      response.once('close', () => clearInterval(timer));
    };
    await expect(find(first)).rejects.toMatchObject(unavailable);
  });

  it('a closed port is no reason to fail at the start', async () => {
    await server.close();
    await keys.start();
    await expect(find(first)).rejects.toMatchObject(unavailable);
    await server.open();
    clock.advance(3_000);
    await expect(find(first)).resolves.toBeDefined();
  });
});
