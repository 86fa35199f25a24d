import { afterEach, expect, it } from 'vitest';
import { commandSamples } from '../../../src/doctor/readings/command-samples.ts';
import { readAcl } from '../../../src/doctor/readings/read-acl.ts';
import { freePort } from '../../../src/local/redis-settings.ts';
import { ACK_COMMANDS, NEEDED_COMMANDS, OPTIONAL_COMMANDS } from '../../../src/redis/acl/needed-commands.ts';
import { connectForWork } from '../../../src/redis/connect.ts';
import type { ServerConnection } from '../../../src/redis/connection.ts';
import { asServer, untilConnected, useRedis } from '../../helpers/redis/server.ts';
import { addUser } from '../../helpers/redis/user.ts';

const redis = useRedis({ port: await freePort() });
const KEY = 'mr:probe';

let connection: ServerConnection | undefined;
afterEach(() => connection?.disconnect());

async function connectAs(rules: readonly string[]): Promise<ServerConnection> {
  const url = await addUser(redis, 'jobs', rules);
  const opened = asServer(connectForWork({ url, name: 'test', scripts: [] }));
  await untilConnected(opened);
  return opened;
}

/** What a user with these rules lacks, and what the look at it has left in Redis. */
async function lackingWith(...rules: string[]): Promise<{ denied: string[]; keys: number }> {
  connection = await connectAs(rules);
  const { denied } = await readAcl(connection, KEY);
  return { denied: [...denied.keys()].sort(), keys: await redis.client.dbsize() };
}

const OPTIONAL = Object.keys(OPTIONAL_COMMANDS).map((name) => `+${name}`);
const NEEDED = [...NEEDED_COMMANDS, ...ACK_COMMANDS].map((name) => `+${name}`);

it('finds nothing for a user with the needed commands and keys, and changes nothing', async () => {
  expect(await lackingWith('~mr:*', ...NEEDED, ...OPTIONAL)).toEqual({ denied: [], keys: 0 });
});

it.each([['zadd', 'xgroup|create', 'evalsha'], ['exec'], ['multi'], ['config|get']])(
  'finds that %s %s %s are lacking',
  async (...lacking) => {
    const names = lacking.filter((name) => name !== undefined);
    const rules = [...NEEDED, ...OPTIONAL].filter((rule) => !names.includes(rule.slice(1)));
    const { denied, keys } = await lackingWith('~mr:*', ...rules);
    expect(denied).toEqual([...names].sort());
    expect(keys).toBe(0);
  },
);

it.each(['-acl|whoami', '+acl|whoami'])('knows who the user is, with %s', async (more) => {
  connection = await connectAs(['~mr:*', ...NEEDED, more]);
  expect((await readAcl(connection, KEY)).user).toBe('jobs');
});

it('finds that the keys are not allowed', async () => {
  const { denied, keys } = await lackingWith('~other:*', ...NEEDED, ...OPTIONAL);
  expect(denied).toContain('get');
  expect(denied).toContain('xadd');
  expect(denied).not.toContain('ping');
  expect(keys).toBe(0);
});

it('has arguments that Redis takes for each command', async () => {
  connection = asServer(connectForWork({ url: redis.url, name: 'test', scripts: [] }));
  await untilConnected(connection);
  await connection.call('MULTI');
  const samples = Object.entries(commandSamples(KEY)).filter(([name]) => name !== 'multi' && name !== 'exec');
  for (const [name, args] of samples) {
    const [command = name, ...sub] = name.split('|');
    expect(await connection.call(command, ...sub, ...args), name).toBe('QUEUED');
  }
  await connection.call('DISCARD');
});
