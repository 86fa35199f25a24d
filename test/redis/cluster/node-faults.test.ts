import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../../src/local/redis-settings.ts';
import { parseNatMap } from '../../../src/redis/address/nat-map.ts';
import { connectForWork, whenReady } from '../../../src/redis/connect.ts';
import { contactAdvice } from '../../../src/redis/server/contact.ts';
import { useCluster } from '../../helpers/redis/cluster.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis({ port: await freePort() });
const cluster = useCluster({ primaries: 1 });
const web = createServer((_, answer) => answer.end()).listen(0, '127.0.0.1');
afterAll(() => web.close());

const hostOf = (url: string) => new URL(url).host;
const KINDS: [string, () => string, RegExp, RegExp][] = [
  [
    'one Redis',
    () => `:${new URL(redis.url).password}@${hostOf(redis.url)}`,
    /cluster support disabled/,
    /no node/,
  ],
  ['no password', () => hostOf(cluster.url), /NOAUTH/, /Put the password/],
  ['a wrong password', () => `:wrong@${hostOf(cluster.url)}`, /WRONGPASS/, /Correct user and password/],
  ['nobody', () => '127.0.0.1:1', /127\.0\.0\.1:1: connect ECONNREFUSED/, /Start Redis there/],
  [
    'a web server',
    () => `127.0.0.1:${(web.address() as AddressInfo).port}`,
    /RESP/,
    /does not speak the protocol/,
  ],
];

async function faultOf(url: string, natMap?: string): Promise<string> {
  const faults: string[] = [];
  const onError = ({ message }: Error) => void faults.push(message);
  const map = natMap === undefined ? undefined : parseNatMap(natMap);
  const connection = connectForWork({ url, name: 'test', scripts: [], onError, ...(map && { natMap: map }) });
  onTestFinished(() => connection.disconnect());
  const [fault = ''] = await until(() => faults.length > 0 && faults, 'a fault');
  expect(await whenReady(connection, 0)).toBe(false);
  return fault;
}

describe('a Cluster that cannot be used says why, and what to do', () => {
  it.each(KINDS)('at the address of %s', async (_, place, reason, advice) => {
    const fault = await faultOf(`redis+cluster://${place()}`);
    expect(fault).toMatch(reason);
    expect(contactAdvice(fault)).toMatch(advice);
  });

  it('when its nodes tell addresses that this process does not reach', async () => {
    const fault = await faultOf(cluster.url, `${hostOf(cluster.url)}=127.0.0.1:1`);
    expect(fault).toContain('(127.0.0.1:1, an address that nodes tell: connect ECONNREFUSED');
    expect(contactAdvice(fault)).toMatch(/REDIS_NAT_MAP/);
  });
});
