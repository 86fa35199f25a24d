import type { Redis } from 'ioredis';
import type { Connection, ServerConnection } from '../../../src/redis/connection.ts';
import { parseInfo } from '../../../src/redis/server/info.ts';

type Reply = string | string[] | number;

/**
 * A connection to a Cluster for tests that look into the whole of a server. Commands about a server go to all primaries, and their
 * replies come as one: keys and connections of all, sums of numbers. All other commands go to the node of their key.
 *
 * @param primaries a connection to each.
 */
export function overAllPrimaries(client: Connection, primaries: () => readonly Redis[]): ServerConnection {
  const onEach = (command: string, args: readonly unknown[]): Promise<Reply[]> =>
    Promise.all(primaries().map((one) => one.call(command, args.map(String)) as Promise<Reply>));
  const last = async (command: string, args: readonly unknown[]) => (await onEach(command, args)).at(-1);
  const sum = async (command: string, args: readonly unknown[]) =>
    (await onEach(command, args)).reduce((total: number, count) => total + Number(count), 0);
  const call = client.call.bind(client) as (command: string, ...args: string[]) => Promise<unknown>;
  const exists = client.exists.bind(client) as (key: string) => Promise<number>;
  const own = {
    flushall: () => last('FLUSHALL', []),
    flushdb: () => last('FLUSHDB', []),
    script: (...args: unknown[]) => last('SCRIPT', args),
    config: (...args: unknown[]) => last('CONFIG', args),
    dbsize: () => sum('DBSIZE', []),
    keys: async (pattern: string) => (await onEach('KEYS', [pattern])).flat().map(String),
    client: async (...args: unknown[]) => (await onEach('CLIENT', args)).join('\n'),
    info: async (section: string) => summed((await onEach('INFO', [section])).map(String)),
    // The keys of one command may be in several slots.
    exists: async (...keys: string[]) =>
      (await Promise.all(keys.map((key) => exists(key)))).reduce((total, count) => total + count, 0),
    call: (command: string, ...args: string[]) =>
      command === 'CLIENT' ? onEach(command, args) : call(command, ...args),
  };
  // The commands that tests use are the same for a server and a Cluster.
  return Object.assign(client, own) as unknown as ServerConnection;
}

/** Replies of INFO as one: numbers are added up, also those within `calls=1,usec=20`. */
function summed(texts: readonly string[]): string {
  const members = new Map<string, string[]>();
  for (const text of texts) {
    for (const [name, value] of parseInfo(text)) members.set(name, [...(members.get(name) ?? []), value]);
  }
  return [...members].map(([name, values]) => `${name}:${sumOf(values)}\r\n`).join('');
}

function sumOf([first = '', ...others]: readonly string[]): string {
  return others.reduce((total, value) => {
    const added = value.match(/\d+(\.\d+)?/g) ?? [];
    let i = 0;
    return total.replaceAll(/\d+(\.\d+)?/g, (number) => String(Number(number) + Number(added[i++] ?? 0)));
  }, first);
}
