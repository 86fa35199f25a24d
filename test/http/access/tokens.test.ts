import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../../src/app.ts';
import { ConfigError, loadConfig } from '../../../src/config.ts';
import {
  AUDIENCE,
  ISSUER,
  type IssuerKey,
  keySet,
  newKey,
  token,
  useJwksServer,
} from '../../helpers/access/issuer.ts';
import { ADMIN_KEY, bearer, makeKey, WITH_KEYS } from '../../helpers/api/keys.ts';
import { type Answer, JSON_TYPE, send } from '../../helpers/api/send.ts';
import { startReadyApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const server = useJwksServer();
const TOKENS = { ...WITH_KEYS, JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE, UNKNOWN_TASKS: 'accept' };

let key: IssuerKey;
let later: IssuerKey;
let api: Awaited<ReturnType<typeof startReadyApi>>;
beforeAll(async () => {
  [key, later] = await Promise.all([newKey('first'), newKey('later')]);
  server.serve(keySet(key));
  api = await startReadyApi(redis.url, { ...TOKENS, JWKS_URL: server.url });
});
afterAll(() => api.app.close());

const ask = (path: string, sent: string, body?: object): Promise<Answer> =>
  send(api.origin, {
    method: body === undefined ? 'GET' : 'POST',
    path,
    headers: { ...JSON_TYPE, ...bearer(sent) },
    body: body && JSON.stringify(body),
  });

describe('a token', () => {
  it('may do what its scopes say, of which unknown ones say nothing', async () => {
    const text = await token(key, { scope: 'openid read:shop profile submit:shop' });
    const submitted = await ask('/jobs', text, { queue: 'shop', task: 't' });
    expect(submitted.status, submitted.text).toBe(202);
    expect((await ask(`/jobs/${submitted.body.id}`, text)).status).toBe(200);
    const refused = await ask('/jobs', text, { queue: 'other', task: 't' });
    expect(refused).toMatchObject({ status: 403, body: { detail: expect.stringContaining('submit:other') } });
  });

  it('without scopes may do nothing', async () => {
    expect((await ask('/queues', await token(key, { scope: undefined }))).status).toBe(403);
  });

  it('with the scope admin may make keys', async () => {
    const answer = await ask('/keys', await token(key, { scope: 'admin' }), { name: 'k', scopes: ['read'] });
    expect(answer.status, answer.text).toBe(201);
  });

  it('that is not good gets the 401 of a wrong key', async () => {
    const wrongKey = await ask('/queues', `mrk_1_${'x'.repeat(43)}`);
    const wrong = await Promise.all([
      token(key, { aud: 'other' }),
      token(key, { exp: 1 }),
      token(await newKey(key.kid)),
      Promise.resolve('a.b.c'),
    ]);
    for (const text of wrong) {
      const answer = await ask('/queues', text);
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
      expect({ ...answer.body, requestId: '' }).toEqual({ ...wrongKey.body, requestId: '' });
    }
  });

  it('holds its own leases, which neither a key nor another subject can use', async () => {
    await ask('/jobs', ADMIN_KEY, { queue: 'shop', task: 't' });
    const ann = await token(key, { sub: 'ann', scope: 'work:shop' });
    const { lease } = (await ask('/leases', ann, { queues: ['shop'] })).body;
    const again = await token(key, { sub: 'ann', scope: 'work:shop', jti: 'another' });
    expect((await ask(`/leases/${lease}/heartbeat`, again, {})).status).toBe(200);
    const others = [
      await token(key, { sub: 'bob', scope: 'work:shop' }),
      (await makeKey(api.origin, ['work'])).key,
      ADMIN_KEY,
    ];
    for (const other of others) expect((await ask(`/leases/${lease}/heartbeat`, other, {})).status).toBe(404);
  });

  it('of a subject "admin" is not the admin key', async () => {
    await ask('/jobs', ADMIN_KEY, { queue: 'shop', task: 't' });
    const { lease } = (await ask('/leases', ADMIN_KEY, { queues: ['shop'] })).body;
    const text = await token(key, { sub: 'admin', scope: 'work' });
    expect((await ask(`/leases/${lease}/heartbeat`, text, {})).status).toBe(404);
  });
});

describe('while the server of JWKS_URL is away', () => {
  it('keys and known tokens work on, and a token of an unknown key gets a 503', async () => {
    expect((await ask('/queues', await token(key))).status).toBe(200);
    await server.close();
    const own = await startReadyApi(redis.url, { ...TOKENS, JWKS_URL: server.url });
    try {
      const headers = bearer(await token(key));
      const unknown = await send(own.origin, { method: 'GET', path: '/queues', headers });
      expect(unknown).toMatchObject({ status: 503, body: { code: 'keys-unavailable' } });
      expect(Number(unknown.headers['retry-after'])).toBeGreaterThan(0);
      const admin = await send(own.origin, { method: 'GET', path: '/queues', headers: bearer(ADMIN_KEY) });
      expect(admin.status).toBe(200);
      expect((await ask('/queues', await token(key, { jti: 'fresh' }))).status).toBe(200);
      await server.open();
      await until(async () => {
        const answer = await send(own.origin, { method: 'GET', path: '/queues', headers });
        return answer.status === 200;
      }, 'the keys');
    } finally {
      await own.app.close();
    }
  });
});

describe('JWKS_FILE', () => {
  it('is read again when it changes', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'mr-jwks-'));
    const path = join(dir, 'keys.json');
    await writeFile(path, keySet(key));
    const own = await startReadyApi(redis.url, { ...TOKENS, JWKS_FILE: path });
    const status = async (text: string) =>
      (await send(own.origin, { method: 'GET', path: '/queues', headers: bearer(text) })).status;
    try {
      const [old, next] = await Promise.all([token(key), token(later)]);
      expect([await status(old), await status(next)]).toEqual([200, 401]);
      await writeFile(path, keySet(later));
      await until(async () => (await status(old)) === 401, 'the end of the withdrawn key');
      await until(async () => (await status(next)) === 200, 'the new key');
    } finally {
      await own.app.close();
      await rm(dir, { recursive: true });
    }
  });

  it('that cannot be read is a fault of the configuration', async () => {
    const config = loadConfig({ REDIS_URL: redis.url, ...TOKENS, JWKS_FILE: '/nowhere/keys.json' }, 'api');
    await expect(buildApp(config)).rejects.toThrow(ConfigError);
  });
});

describe('the settings of tokens', () => {
  const url = { JWKS_URL: 'https://login.example.com/keys' };
  const faults = (env: NodeJS.ProcessEnv): string => {
    try {
      loadConfig({ ...WITH_KEYS, ...env }, 'api');
      return '';
    } catch (error) {
      return error instanceof ConfigError ? error.faults.join('\n') : String(error);
    }
  };

  it('go together', () => {
    expect(faults({ ...TOKENS, ...url })).toBe('');
    expect(faults({ ...url })).toMatch(/JWT_ISSUER.*\n.*JWT_AUDIENCE/);
    expect(faults({ JWKS_FILE: '/keys' })).toMatch(/JWT_ISSUER.*\n.*JWT_AUDIENCE/);
    for (const claim of [TOKENS, { JWT_ISSUER: ISSUER }, { JWT_AUDIENCE: AUDIENCE }])
      expect(faults(claim)).toContain('set JWKS_URL or JWKS_FILE');
    for (const claim of ['JWT_ISSUER', 'JWT_AUDIENCE']) {
      expect(faults({ ...TOKENS, ...url, [claim]: 'x'.repeat(1_000) })).toBe('');
      expect(faults({ ...TOKENS, ...url, [claim]: 'x'.repeat(1_001) })).toContain(claim);
    }
    expect(faults({ ...TOKENS, ...url, JWKS_FILE: '/keys' })).toContain('unset one of them');
    expect(faults({ ...TOKENS, ...url, AUTH: 'off' })).toContain('AUTH is off');
  });

  it.each([
    'http://login.example.com/keys',
    'https://me:pass@login.example.com',
    'https://login.example.com/#keys',
    'ftp://a',
    'keys.json',
  ])('refuse the JWKS_URL %s', (value) => {
    expect(faults({ ...TOKENS, JWKS_URL: value })).toContain('JWKS_URL');
  });

  it.each(['http://127.0.0.1:1/keys', 'http://localhost/keys', 'http://[::1]/keys'])('take %s', (value) => {
    expect(faults({ ...TOKENS, JWKS_URL: value })).toBe('');
  });
});
