import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Child, startChild } from '../../../src/local/child-process.ts';
import { freePort } from '../../../src/local/redis-settings.ts';
import { createOrphanReaper } from '../../../src/orphan-reaper.ts';
import { connectForWork } from '../../../src/redis/connect.ts';
import { untilConnected, useRedis } from '../../helpers/redis/server.ts';
import { FIRST, writePair } from '../../helpers/tls/pairs.ts';

const dir = await mkdtemp(join(tmpdir(), 'mr-sentinel-tls-'));
const { tlsCertFile, tlsKeyFile } = await writePair(dir, FIRST);
const [port, sentinelPort] = [await freePort(), await freePort()];
const settings = {
  'tls-port': String(port),
  'tls-cert-file': tlsCertFile,
  'tls-key-file': tlsKeyFile,
  'tls-ca-cert-file': tlsCertFile,
  'tls-replication': 'yes',
};
useRedis({ settings });
const reaper = createOrphanReaper();
let sentinel: Child;

beforeAll(async () => {
  const file = join(dir, 'sentinel.conf');
  const { 'tls-port': _, ...tls } = settings;
  const lines = [
    'port 0',
    `tls-port ${sentinelPort}`,
    ...Object.entries(tls).map(([name, value]) => `${name} ${value}`),
    `sentinel monitor main 127.0.0.1 ${port} 1`,
    '',
  ];
  await writeFile(file, lines.join('\n'));
  sentinel = await startChild({
    name: 'The sentinel',
    command: 'redis-server',
    args: [file, '--sentinel'],
    reaper,
  });
});
afterAll(async () => {
  await sentinel.stop(5_000);
  reaper.end();
  await rm(dir, { recursive: true, force: true });
});

it('speaks TLS with the sentinel and with the primary', async () => {
  const url = `rediss+sentinel://127.0.0.1:${sentinelPort}/main`;
  const tls = { ca: FIRST.cert, cert: FIRST.cert, key: FIRST.key };
  const connection = connectForWork({ url, tls, name: 'test', scripts: [] });
  await untilConnected(connection);
  expect(connection.stream.remotePort).toBe(port);
  connection.disconnect();
});
