import { lookup } from 'node:dns/promises';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { listen } from '../../../src/http/network/listen.ts';
import { serverFactory } from '../../../src/http/network/server.ts';
import { connectionsPlugin } from '../../../src/http/plugins/connections.ts';

it('localhost is each of its addresses, with one server behind them', async () => {
  const app = Fastify({ serverFactory: serverFactory(undefined, 100) });
  await app.register(connectionsPlugin, { shutdownGraceMs: 1_000 });
  app.get('/', async () => app.connections.size);
  const address = await listen(app, 'localhost', 0);
  const { port } = app.server.address() as AddressInfo;
  expect(address).toMatch(new RegExp(`^http://.*:${port}$`));
  const hosts = (await lookup('localhost', { all: true })).map(({ address: ip, family }) =>
    family === 6 ? `[${ip}]` : ip,
  );
  for (const host of hosts) {
    const answer = await fetch(`http://${host}:${port}/`, { headers: { connection: 'close' } });
    expect([host, answer.status, Number(await answer.text()) > 0]).toEqual([host, 200, true]);
  }
  await app.close();
  for (const host of hosts) await expect(fetch(`http://${host}:${port}/`)).rejects.toThrow();
});
