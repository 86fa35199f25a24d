import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, misspeltSettings } from '../src/config.ts';

const faultsOf = (env: NodeJS.ProcessEnv): readonly string[] => {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
};

describe('the configuration', () => {
  it('has defaults for everything', () => {
    expect(loadConfig({})).toMatchObject({
      redisUrl: 'redis://127.0.0.1:6379',
      prefix: 'mr',
      host: '127.0.0.1',
      port: 3000,
      queues: ['default'],
      concurrency: 10,
      leaseMs: 15_000,
      shutdownGraceMs: 25_000,
      resultTtlMs: 86_400_000,
      idempotencyTtlMs: 86_400_000,
      maxPayloadBytes: 1_048_576,
      unknownTasks: 'reject',
      logLevel: 'info',
    });
  });

  it('treats an empty variable as unset', () => {
    expect(loadConfig({ PORT: '' }).port).toBe(3000);
  });

  it('reports all faults at once, each with its name and an example', () => {
    const faults = faultsOf({ PORT: 'http', QUEUES: 'a,a', UNKNOWN_TASKS: 'maybe', LEASE_MS: '5' });
    expect(faults).toHaveLength(4);
    expect(faults.join('\n')).toContain('QUEUES is "a,a"');
    expect(faults.join('\n')).toContain('for example PORT=3000');
  });

  it.each([
    ['REDIS_URL', ['redis://h', 'rediss://u:p@h:1/2', 'unix:///run/r.sock'], ['h:6379', 'http://h', 'unix:']],
    ['PORT', ['0', '65535'], ['-1', '65536', '1.5', '0x10', ' 1']],
    [
      'QUEUES',
      ['a', 'a, b.c', '*', 'critical-*,default,*'],
      ['a:b', '', ',', 'a,,b', '*,*', 'a?'].filter(Boolean),
    ],
    ['PREFIX', ['mr', 'a-b_c.d'], ['a:b', '{a}', 'a b']],
    ['LOG_LEVEL', ['debug', 'silent'], ['loud']],
    [
      'PUBLIC_URL',
      ['https://a.b', 'http://a.b:1/c/'],
      ['a.b', '/c', 'ftp://a', 'https://u@a', 'https://a/?b', 'https://a/#b'],
    ],
    ['CONCURRENCY', ['1', '10000'], ['0', '10001']],
  ])('%s accepts %j and rejects %j', (name, good, bad) => {
    for (const value of good) expect(faultsOf({ [name]: value }), value).toEqual([]);
    for (const value of bad) expect(faultsOf({ [name]: value }), value).toHaveLength(1);
  });
});

describe('a secret', () => {
  const URL_OF_REDIS = 'redis://user:pass@h';
  let dir: string;
  let file: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mr-secret-'));
    file = join(dir, 'redis-url');
    await writeFile(file, `${URL_OF_REDIS}\n`);
  });
  afterAll(() => rm(dir, { recursive: true }));

  it('is read from the file that its _FILE variable names, without the last line break', async () => {
    expect(loadConfig({ REDIS_URL_FILE: file }).redisUrl).toBe(URL_OF_REDIS);
    const windows = join(dir, 'windows');
    await writeFile(windows, `${URL_OF_REDIS}\r\n`);
    expect(loadConfig({ REDIS_URL_FILE: windows }).redisUrl).toBe(URL_OF_REDIS);
    expect(loadConfig({ REDIS_URL: '', REDIS_URL_FILE: file }).redisUrl).toBe(URL_OF_REDIS);
  });

  it('must not be given twice', () => {
    const [fault, ...others] = faultsOf({ REDIS_URL: URL_OF_REDIS, REDIS_URL_FILE: file });
    expect(fault).toBe('REDIS_URL and REDIS_URL_FILE are both set: unset one of them');
    expect(others).toEqual([]);
  });

  it('needs a file that can be read', () => {
    expect(faultsOf({ REDIS_URL_FILE: join(dir, 'none'), PORT: 'x' })).toEqual([
      expect.stringMatching(/^REDIS_URL_FILE names a file that cannot be read: ENOENT/),
      expect.stringContaining('PORT'),
    ]);
  });

  it('is not shown when it is not valid', async () => {
    const wrong = join(dir, 'wrong');
    await writeFile(wrong, 'http://user:pass@h');
    for (const env of [{ REDIS_URL_FILE: wrong }, { REDIS_URL: 'http://user:pass@h' }]) {
      const faults = faultsOf(env);
      expect(faults).toHaveLength(1);
      expect(faults[0]).toContain('REDIS_URL is not valid');
      expect(faults[0]).not.toContain('pass@h');
    }
  });

  it('has a _FILE variable that is no misspelt one, and may be misspelt itself', () => {
    expect(misspeltSettings({ REDIS_URL_FILE: file })).toEqual([]);
    expect(misspeltSettings({ REDIS_URL_FLIE: file })).toEqual([
      { variable: 'REDIS_URL_FLIE', meant: 'REDIS_URL_FILE' },
    ]);
  });

  it('is in a file for settings that say so alone', () => {
    expect(loadConfig({ PORT_FILE: file }).port).toBe(3000);
  });
});

describe('AUTH', () => {
  const faults = (env: NodeJS.ProcessEnv, program?: 'api' | 'worker'): readonly string[] => {
    try {
      loadConfig(env, program);
      return [];
    } catch (error) {
      return error instanceof ConfigError ? error.faults : [String(error)];
    }
  };

  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost', '::ffff:127.0.0.1', ''])(
    'is off on HOST=%s',
    (HOST) => {
      expect(loadConfig({ HOST }, 'api').auth).toBe('off');
    },
  );

  it.each(['0.0.0.0', '::', '10.0.0.1', 'millrace.example', '128.0.0.1', '127.1'])(
    'must be set for HOST=%s',
    (HOST) => {
      expect(faults({ HOST }, 'api')).toEqual([
        expect.stringMatching(/^AUTH is not set, .*set AUTH=keys and ADMIN_KEY, or AUTH=off/),
      ]);
      expect(faults({ HOST, AUTH: 'off' }, 'api')).toEqual([]);
      expect(faults({ HOST, AUTH: 'keys' }, 'api')).toEqual([]);
      expect(faults({ HOST }, 'worker')).toEqual([]);
    },
  );

  it('takes an admin key of at least 32 characters, and never shows it', () => {
    const [fault] = faults({ ADMIN_KEY: 'too-short-to-be-a-key' });
    expect(fault).toContain('ADMIN_KEY is not valid: must be 32 to 512');
    expect(fault).not.toContain('too-short');
    expect(faults({ ADMIN_KEY: 'x'.repeat(32) })).toEqual([]);
    expect(faults({ ADMIN_KEY: `${'x'.repeat(32)} y` })).toHaveLength(1);
  });
});
