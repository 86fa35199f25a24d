import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '../src/config.ts';

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
