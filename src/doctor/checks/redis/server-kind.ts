import { type Finding, fault, ok, warning } from '../../finding.ts';
import { compare, parseVersion, type Version } from './version.ts';

type Info = ReadonlyMap<string, string>;

/** Which server it is: forks report a `redis_version`, too. */
export interface ServerKind {
  readonly name: 'Redis' | 'Valkey' | 'KeyDB' | 'Dragonfly';
  readonly version: string;
}

export function serverKind(info: Info): ServerKind {
  const dragonfly = info.get('dragonfly_version');
  if (dragonfly !== undefined) return { name: 'Dragonfly', version: dragonfly };
  const valkey = info.get('valkey_version');
  if (valkey !== undefined) return { name: 'Valkey', version: valkey };
  const version = info.get('redis_version') ?? 'unknown';
  const isKeyDb = info.has('mvcc_depth') || /keydb/i.test(info.get('executable') ?? '');
  return { name: isKeyDb ? 'KeyDB' : 'Redis', version };
}

/** The scripts of Millrace need flags (`#!lua`) and commands that came with them. */
const OLDEST: Readonly<Record<'Redis' | 'Valkey', Version>> = { Redis: [7, 0, 0], Valkey: [7, 2, 0] };

/** The kind of the server, its version, and its role. */
export function checkServerKind(info: Info): Finding[] {
  const kind = serverKind(info);
  return [...checkKind(kind), ...checkCluster(info), ...checkRole(info)];
}

function checkKind({ name, version }: ServerKind): Finding[] {
  if (name === 'KeyDB' || name === 'Dragonfly') return [otherServer(name, version)];
  const parsed = parseVersion(version);
  if (parsed !== undefined && compare(parsed, OLDEST[name]) < 0) {
    return [
      fault('redis-version', {
        what: `The server is ${name} ${version}.`,
        why: `Millrace needs ${name} ${OLDEST[name].slice(0, 2).join('.')} or newer: its scripts do not run on this one.`,
        todo: 'Upgrade the server. Its data files can be read by newer releases.',
      }),
    ];
  }
  return [ok('redis-version', `The server is ${name} ${version}.`)];
}

function otherServer(name: 'KeyDB' | 'Dragonfly', version: string): Finding {
  const advice = {
    what: `The server is ${name} ${version}.`,
    todo: 'Use Redis 7.0 or newer, or Valkey 7.2 or newer.',
  };
  // KeyDB is as old as Redis 6.3; Dragonfly runs scripts in its own way.
  return name === 'KeyDB'
    ? fault('redis-kind', {
        ...advice,
        why: 'KeyDB has no script flags, so the scripts of Millrace do not run.',
      })
    : warning('redis-kind', { ...advice, why: 'Millrace is tested with Redis and Valkey only.' });
}

function checkCluster(info: Info): Finding[] {
  if (info.get('cluster_enabled') !== '1' && info.get('redis_mode') !== 'cluster') return [];
  return [
    fault('redis-cluster', {
      what: 'The server runs in cluster mode.',
      why: 'Millrace keeps lists of all queues, and does not follow redirects to other nodes.',
      todo: 'Use a Redis without cluster mode (cluster-enabled no). A managed service offers it as "cluster mode disabled".',
    }),
  ];
}

function checkRole(info: Info): Finding[] {
  const role = info.get('role');
  if (role === undefined || role === 'master') return [];
  const primary = info.get('master_host');
  return [
    fault('redis-role', {
      what: `The server is a replica${primary === undefined ? '' : ` of ${primary}:${info.get('master_port')}`}.`,
      why: 'A replica refuses writes, so no job can be stored or settled.',
      todo: 'Set REDIS_URL to the primary, or to an address that always leads to it.',
    }),
  ];
}
