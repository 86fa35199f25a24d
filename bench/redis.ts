import { fileURLToPath } from 'node:url';
import { callRedis } from '../src/local/resp.ts';
import { usedMemory } from '../test/system/memory/used.ts';
import type { BedRedis } from './contract.ts';

/** A command that Redis is busy before may take its time. */
const REPLY_MS = 30_000;

/** Looks into a Redis over connections that live for one command each. */
export function bedRedis(url: string): BedRedis {
  const call = (...args: (string | number)[]) => callRedis(url, args.map(String), REPLY_MS);
  const info = async (section: string) => String(await call('INFO', section));
  return {
    url,
    socketPath: fileURLToPath(url.replace(/^unix:/, 'file:')),
    call,
    cpuSeconds: async () => cpuSecondsIn(await info('cpu')),
    commands: async () => callsIn(await info('commandstats')),
    usedBytes: () => usedMemory(call),
  };
}

/** All threads of the server; a child that writes a file anew is not one of them. */
export const cpuSecondsIn = (info: string): number =>
  [...info.matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm)].reduce((sum, [, value]) => sum + Number(value), 0);

/** Without `INFO`, which is how the bench looks. */
export const callsIn = (info: string): number =>
  [...info.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)]
    .filter(([, command]) => command !== 'info')
    .reduce((sum, [, , calls]) => sum + Number(calls), 0);
