import type { Topology } from '../../../redis/address/redis-url.ts';
import { serverFaults, serverKind } from '../../../redis/server/kind.ts';
import { type Finding, fault, ok, warning } from '../../finding.ts';

/** The kind of the server, its version, and its role. */
export function checkServerKind(info: ReadonlyMap<string, string>, topology?: Topology): Finding[] {
  const { name, version } = serverKind(info);
  const faults = serverFaults(info, topology);
  const isJudged = faults.some(({ id }) => id === 'redis-version' || id === 'redis-kind');
  return [
    ...(name === 'Dragonfly' ? [untested(version)] : []),
    ...(isJudged || name === 'Dragonfly' ? [] : [ok('redis-version', `The server is ${name} ${version}.`)]),
    ...faults.map(({ id, ...advice }) => fault(id, advice)),
  ];
}

/** Dragonfly runs scripts in its own way. */
const untested = (version: string): Finding =>
  warning('redis-kind', {
    what: `The server is Dragonfly ${version}.`,
    why: 'Millrace is tested with Redis and Valkey only.',
    todo: 'Use Redis 7.0 or newer, or Valkey 7.2 or newer.',
  });
