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

/** Why the service cannot work with a server, and what to do. */
export interface ServerFault {
  readonly id: 'redis-version' | 'redis-kind' | 'redis-sentinel' | 'redis-cluster' | 'redis-role';
  readonly what: string;
  readonly why: string;
  readonly todo: string;
}

/** The scripts of Millrace need flags (`#!lua`) and commands that came with them. */
const OLDEST: Readonly<Record<'Redis' | 'Valkey', Version>> = { Redis: [7, 0, 0], Valkey: [7, 2, 0] };

/** Why this server can never serve, by its INFO: too old, of the wrong kind, or in the wrong role. Empty when it can. */
export function serverFaults(info: Info): ServerFault[] {
  return [...versionFaults(serverKind(info)), ...modeFaults(info), ...roleFaults(info)];
}

function versionFaults({ name, version }: ServerKind): ServerFault[] {
  if (name === 'Dragonfly') return [];
  if (name === 'KeyDB') {
    return [
      {
        id: 'redis-kind',
        what: `The server is KeyDB ${version}.`,
        why: 'KeyDB has no script flags, so the scripts of Millrace do not run.',
        todo: 'Use Redis 7.0 or newer, or Valkey 7.2 or newer.',
      },
    ];
  }
  const parsed = parseVersion(version);
  if (parsed === undefined || compare(parsed, OLDEST[name]) >= 0) return [];
  return [
    {
      id: 'redis-version',
      what: `${name} ${version} is too old.`,
      why: 'The scripts of Millrace do not run on this one.',
      todo: 'Use Redis 7.0 or newer, or Valkey 7.2 or newer: they can read its data files.',
    },
  ];
}

function modeFaults(info: Info): ServerFault[] {
  if (info.get('redis_mode') === 'sentinel') {
    return [
      {
        id: 'redis-sentinel',
        what: 'This is a Redis Sentinel, which holds no data.',
        why: 'No job can be stored there.',
        todo: 'Set REDIS_URL to redis+sentinel://HOST:PORT/PRIMARY-NAME.',
      },
    ];
  }
  if (info.get('cluster_enabled') !== '1' && info.get('redis_mode') !== 'cluster') return [];
  return [
    {
      id: 'redis-cluster',
      what: 'Redis is a node of a Redis Cluster (cluster mode), which one address cannot serve.',
      why: 'Each node holds a part of the keys, and refuses all others.',
      todo: 'REDIS_URL would have to begin with redis+cluster://, which is not supported yet: use a Redis outside of a Cluster. Managed services call that "cluster mode disabled".',
    },
  ];
}

function roleFaults(info: Info): ServerFault[] {
  const role = info.get('role');
  if (role === undefined || role === 'master' || role === 'sentinel') return [];
  const primary = info.get('master_host');
  const of = primary === undefined ? '' : ` of ${primary}:${info.get('master_port')}`;
  return [
    {
      id: 'redis-role',
      what: `Redis is a replica${of}, which takes no jobs.`,
      why: 'A replica refuses writes, so no job can be stored or settled.',
      todo: 'Set REDIS_URL to the primary, to an address that always leads to it, or to its sentinels: redis+sentinel://HOST:PORT/PRIMARY-NAME.',
    },
  ];
}

/** How many replicas this primary has that follow it now, by its INFO. */
export function replicasOf(info: Info): number {
  return [...info].filter(([name, value]) => /^slave\d+$/.test(name) && /\bstate=online\b/.test(value))
    .length;
}
