import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../../src/local/redis-settings.ts';
import { NEEDED_COMMANDS } from '../../../src/redis/acl/needed-commands.ts';
import { startApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { addUser } from '../../helpers/redis/user.ts';
import { type Readiness, readinessOf } from '../../helpers/telemetry/scrape.ts';
import { FIRST, SECOND } from '../../helpers/tls/pairs.ts';

const dir = await mkdtemp(join(tmpdir(), 'mr-redis-tls-'));
const inDir = (name: string) => join(dir, name);
const files = {
  'first.crt': FIRST.cert,
  'first.key': FIRST.key,
  'second.crt': SECOND.cert,
  'second.key': SECOND.key,
};
for (const [name, text] of Object.entries(files)) await writeFile(inDir(name), text);

const tls = (port: number, more: Readonly<Record<string, string>>) => ({
  settings: {
    'tls-port': String(port),
    'tls-cert-file': inDir('first.crt'),
    'tls-key-file': inDir('first.key'),
    'tls-ca-cert-file': inDir('second.crt'),
    ...more,
  },
});

const [open, strict, plain] = [await freePort(), await freePort(), await freePort()];
const redis = useRedis({ ...tls(open, { 'tls-auth-clients': 'no' }), port: plain });
useRedis(tls(strict, { 'tls-auth-clients': 'yes' }));
let password: string;
beforeAll(() => {
  password = new URL(redis.url).password;
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const TRUSTED = { REDIS_CA_FILE: inDir('first.crt') };

/** What an API says with these settings, once it says what is expected, or after a while. */
async function readinessWith(url: string, env: NodeJS.ProcessEnv, expected: (answer: Readiness) => boolean) {
  const { app, origin } = await startApi(url, env);
  let last: Readiness | undefined;
  await until(
    async () => {
      last = await readinessOf(origin);
      return expected(last);
    },
    () => `the expected readiness, in place of ${JSON.stringify(last)}`,
  ).finally(() => app.close());
}

const tells = (reason: RegExp) => (answer: Readiness) =>
  answer.status === 503 &&
  answer.reasons.some((one) => reason.test(one)) &&
  !answer.reasons.join().includes(password);
const isReady = ({ ready }: Readiness) => ready;

describe('a Redis with TLS', () => {
  it('whose CA nobody named', async () => {
    await readinessWith(
      `rediss://:${password}@127.0.0.1:${open}`,
      {},
      tells(/self-signed certificate\. .*REDIS_CA_FILE/),
    );
  });

  it('is reached with its CA', async () => {
    await readinessWith(`rediss://:${password}@127.0.0.1:${open}`, TRUSTED, isReady);
  });

  it('of another CA is refused', async () => {
    const env = { REDIS_CA_FILE: inDir('second.crt') };
    const url = `rediss://:${password}@127.0.0.1:${open}`;
    await readinessWith(url, env, tells(/REDIS_CA_FILE/));
  });

  it('that wants to know the client', async () => {
    await readinessWith(`rediss://127.0.0.1:${strict}`, TRUSTED, tells(/REDIS_CERT_FILE/));
    const pair = { REDIS_CERT_FILE: inDir('second.crt'), REDIS_KEY_FILE: inDir('second.key') };
    await readinessWith(`rediss://127.0.0.1:${strict}`, { ...TRUSTED, ...pair }, isReady);
  });

  it('asked without TLS', async () => {
    await readinessWith(`redis://:${password}@127.0.0.1:${open}`, {}, tells(/rediss:\/\//));
  });

  it('asked at its plain port', async () => {
    await readinessWith(
      `rediss://:${password}@127.0.0.1:${plain}`,
      TRUSTED,
      tells(/expects? TLS at this port/),
    );
  });
});

describe('a user of Redis', () => {
  it('without a password', async () => {
    await readinessWith(`redis://127.0.0.1:${plain}`, {}, tells(/NOAUTH.*Put the password into REDIS_URL/));
  });

  it('that may not read INFO', async () => {
    const commands = NEEDED_COMMANDS.filter((name) => name !== 'info').map((name) => `+${name}`);
    const url = await addUser(redis, 'blind', ['~mr:*', ...commands]);
    await readinessWith(url, {}, tells(/NOPERM.*docs\/how-to\/scale\.md/));
  });

  it('that may not ask for the memory of keys gets statistics without it', async () => {
    const rules = ['~mr:*', ...NEEDED_COMMANDS.map((name) => `+${name}`)];
    const { app, origin } = await startApi(await addUser(redis, 'modest', rules));
    await until(async () => (await readinessOf(origin)).ready, 'a ready API');
    await fetch(`${origin}/queues/default`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    const answer = await fetch(`${origin}/queues/default/stats`);
    await app.close();
    expect(answer.status).toBe(200);
    expect(await answer.json()).not.toHaveProperty('memoryBytes');
  });
});
