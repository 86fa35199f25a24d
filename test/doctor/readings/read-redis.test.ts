import { expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { isOnThisMachine, readRedis } from '../../../src/doctor/readings/read-redis.ts';
import { valueIn } from '../../../src/doctor/readings/reading.ts';
import { withoutSecrets } from '../../../src/redis/address/redis-url.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();

async function read(clock = systemClock) {
  const contact = await readRedis({ url: redis.url, prefix: 'mr' }, clock);
  if ('fault' in contact) throw new Error(contact.fault);
  return contact.servers[0];
}

it('reads what Redis tells', async () => {
  await redis.client.hset('mr:configurations', '{"service":"API","values":{}}', '1 host');
  const readings = await read();
  expect(readings.isLocal).toBe(true);
  expect(valueIn(readings.info)?.get('process_id')).toBe(String(redis.server.pid));
  expect(valueIn(readings.config)?.get('stream-node-max-entries')).toBe('4');
  expect(valueIn(readings.pings)).toHaveLength(20);
  expect(valueIn(readings.acl)).toMatchObject({ user: 'default', denied: new Map() });
  expect(valueIn(readings.configurations)).toEqual({ '{"service":"API","values":{}}': '1 host' });
  expect(valueIn(readings.slowLog)).toEqual([]);
});

it('tells slow commands without their arguments', async () => {
  await redis.client.config('SET', 'slowlog-log-slower-than', '0');
  await redis.client.set('secret', 'payload');
  await redis.client.config('SET', 'slowlog-log-slower-than', '-1');
  const slow = valueIn((await read()).slowLog);
  expect(slow).toContainEqual(expect.objectContaining({ command: 'set', client: 'test' }));
  expect(JSON.stringify(slow)).not.toContain('payload');
});

it('sees by how much the clock of Redis differs', async () => {
  const behind = { ...systemClock, wall: () => systemClock.wall() - 90_000 };
  const clock = valueIn((await read(behind)).clock);
  expect(Math.abs((clock?.skewMs ?? 0) - 90_000)).toBeLessThan(1_000 + (clock?.errorMs ?? 0));
});

it.each([
  ['redis://user:secret@redis.example.com:6379/0', 'redis://redis.example.com:6379/0', false],
  ['rediss://:secret@10.0.0.1:6380', 'rediss://10.0.0.1:6380', false],
  ['redis://localhost:6379', 'redis://localhost:6379', true],
  ['unix:///run/redis.sock', 'unix:/run/redis.sock', true],
])('shows %s without secrets', (url, shown, isLocal) => {
  expect(withoutSecrets(url)).toBe(shown);
  expect(isOnThisMachine(url)).toBe(isLocal);
});
