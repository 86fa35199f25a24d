import { afterAll, beforeAll, expect, it } from 'vitest';
import { useApi } from '../helpers/api/server.ts';
import { until, useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);
const commands: string[] = [];
let stop: () => void;

beforeAll(async () => {
  const monitor = await redis.client.monitor();
  monitor.on('monitor', (_time: string, [name = '', ...args]: string[]) =>
    commands.push([name.toLowerCase(), ...args].join(' ')),
  );
  stop = () => monitor.disconnect();
});
afterAll(() => stop());

/** Where the first command is that begins so. */
const indexOf = (start: string) => commands.findIndex((command) => command.startsWith(start));

// Who follows all queues reads no event of a queue from before its name was listed.
it.each(['pause', 'resume'])('%s lists a new queue before it writes an event of it', async (verb) => {
  await api.http.post(`/queues/${verb}/${verb}`).expect(200);
  const written = await until(() => Math.max(0, indexOf(`xadd mr:{${verb}}:events`)), 'the event');
  expect(indexOf(`sadd mr:queues ${verb}`)).toBeGreaterThan(-1);
  expect(indexOf(`sadd mr:queues ${verb}`)).toBeLessThan(written);
});
