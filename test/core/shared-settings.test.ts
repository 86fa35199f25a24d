import { hostname } from 'node:os';
import { beforeEach, expect, it } from 'vitest';
import { type SettingValues, SharedSettings } from '../../src/core/shared-settings.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { recordEvents } from '../helpers/telemetry/recorder.ts';

const redis = useRedis();
const MINUTE = 60_000;

beforeEach(() => redis.client.flushall());

/** A process, and what it has reported. */
function processOf(service: 'API' | 'worker', values: SettingValues) {
  const { observe, events } = recordEvents('settings-differ');
  const core = createTestCore(redis.client, {}, observe);
  return { settings: new SharedSettings(core, service, values), events, key: core.keySpace.configurations };
}

const differs = (name: string, value: number, other: number, service: string) =>
  `${name} is ${value} here, and ${other} in the ${service} on ${hostname()}. Each process uses its own value: give all of them the same.`;

it('finds each value that another process has, and reports it once', async () => {
  const api = processOf('API', { KEPT: 1, SAME: 2, LIMIT: 3 });
  const worker = processOf('worker', { KEPT: 10, SAME: 2, LIMIT: 30 });
  await api.settings.run();
  expect(api.settings.differences).toEqual([]);
  await worker.settings.run();
  expect(worker.settings.differences).toEqual([
    differs('KEPT', 10, 1, 'API'),
    differs('LIMIT', 30, 3, 'API'),
  ]);
  for (let pass = 0; pass < 2; pass += 1) await api.settings.run();
  const found = [differs('KEPT', 1, 10, 'worker'), differs('LIMIT', 3, 30, 'worker')];
  expect(api.settings.differences).toEqual(found);
  expect(api.events).toEqual(found.map((text) => ({ kind: 'settings-differ', text })));
});

it('finds nothing where all processes have the same, or another release has other settings', async () => {
  const all = [
    processOf('API', { KEPT: 1 }),
    processOf('API', { KEPT: 1 }),
    processOf('worker', { KEPT: 1, NEW: 2 }),
    processOf('worker', { OLD: 3 }),
  ];
  for (const { settings } of [...all, ...all]) await settings.run();
  expect(all.flatMap(({ settings }) => settings.differences)).toEqual([]);
});

it('forgets a process that is gone, and passes over what no process has written', async () => {
  const worker = processOf('worker', { KEPT: 10 });
  await worker.settings.run();
  const api = processOf('API', { KEPT: 1 });
  await redis.client.hset(api.key, {
    nonsense: 'x',
    '{"service":1}': `${Date.now()} host`,
    '[]': `${Date.now()}`,
  });
  await api.settings.run();
  expect(api.settings.differences).toHaveLength(1);
  const [gone = ''] = (await redis.client.hkeys(api.key)).filter((field) => field.includes('worker'));
  await redis.client.hset(api.key, gone, `${Date.now() - MINUTE} host`);
  await api.settings.run();
  expect(api.settings.differences).toEqual([]);
  expect(await redis.client.hkeys(api.key)).not.toContain(gone);
  expect(await redis.client.hkeys(api.key)).not.toContain('nonsense');
});
