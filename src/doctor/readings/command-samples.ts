import type { ACK_COMMANDS, NEEDED_COMMANDS, OPTIONAL_COMMANDS } from '../../redis/acl/needed-commands.ts';

type Name = (typeof NEEDED_COMMANDS | typeof ACK_COMMANDS)[number] | keyof typeof OPTIONAL_COMMANDS;

const ofHashes = (key: string) => ({
  hdel: [key, 'f'],
  hexists: [key, 'f'],
  hget: [key, 'f'],
  hgetall: [key],
  hincrby: [key, 'f', 'text'],
  hkeys: [key],
  hlen: [key],
  hmget: [key, 'f'],
  hrandfield: [key],
  hscan: [key, '0'],
  hset: [key, 'f', 'v', 'odd'],
  hstrlen: [key, 'f'],
  hvals: [key],
});

const ofStreams = (key: string) => ({
  'xgroup|create': [key, 'g', '$'],
  'xgroup|delconsumer': [key, 'g', 'c'],
  'xgroup|destroy': [key, 'g'],
  'xgroup|setid': [key, 'g', '$'],
  'xinfo|consumers': [key, 'g'],
  'xinfo|groups': [key],
  'xinfo|stream': [key],
  xack: [key, 'g', '0-1'],
  xadd: [key, 'NOMKSTREAM', '*', 'f', 'v'],
  xautoclaim: [key, 'g', 'c', '0', '0-0'],
  xclaim: [key, 'g', 'c', '0', '0-1'],
  xdel: [key, '0-1'],
  xlen: [key],
  xpending: [key, 'g'],
  xrange: [key, '-', '+'],
  xread: ['STREAMS', key, '0-0'],
  xreadgroup: ['GROUP', 'g', 'c', 'STREAMS', key, '>'],
  xrevrange: [key, '+', '-'],
  xtrim: [key, 'MAXLEN', '1'],
});

const ofSortedSets = (key: string) => ({
  zadd: [key, 'XX', '1', 'm'],
  zcard: [key],
  zcount: [key, '0', '1'],
  zlexcount: [key, '-', '+'],
  zmscore: [key, 'm'],
  zrandmember: [key],
  zrange: [key, '0', '0'],
  zrank: [key, 'm'],
  zrem: [key, 'm'],
  zremrangebyscore: [key, '0', '1'],
  zscan: [key, '0'],
  zscore: [key, 'm'],
});

/**
 * Arguments of each needed command, enough of them for Redis to take it into a transaction. The transaction is thrown away. Most
 * of them would change nothing even if they ran.
 *
 * @param key a key of the service that does not exist
 */
export const commandSamples = (key: string): Readonly<Record<Name, readonly string[]>> => ({
  ...ofHashes(key),
  ...ofStreams(key),
  ...ofSortedSets(key),
  'client|id': [],
  'client|setname': ['millrace'],
  'client|unblock': ['0'],
  'config|get': ['appendfsync'],
  'memory|usage': [key],
  del: [key],
  eval: ['return 1', '1', key],
  evalsha: ['0'.repeat(40), '1', key],
  exec: [],
  exists: [key],
  get: [key],
  getrange: [key, '0', '0'],
  info: [],
  multi: [],
  persist: [key],
  pexpire: [key, '1'],
  pexpireat: [key, '1'],
  pexpiretime: [key],
  ping: [],
  sadd: [key, 'm'],
  scard: [key],
  set: [key, 'v', 'XX'],
  setrange: [key, '0', ''],
  sismember: [key, 'm'],
  smembers: [key],
  smismember: [key, 'm'],
  srem: [key, 'm'],
  strlen: [key],
  time: [],
  unlink: [key],
  wait: ['0', '1'],
  lindex: [key, '0'],
  llen: [key],
  lpop: [key],
  lpush: [key, 'v'],
  lrange: [key, '0', '0'],
  rpush: [key, 'v'],
});
