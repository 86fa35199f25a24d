import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { connectionsPlugin } from '../../../src/http/plugins/connections.ts';
import { PATIENCE_MS } from '../../helpers/patience.ts';

const CLIENTS = 200;

/** In a thread of its own: connects while the server stands still, then sends, and tells how many answers have come. */
const CLIENT = `
const { connect } = require('node:net');
const { parentPort, workerData: { port, count, state } } = require('node:worker_threads');
let connected = 0, open = count, answers = 0;
for (let i = 0; i < count; i += 1) {
  const socket = connect(port, '127.0.0.1', () => {
    socket.write('GET / HTTP/1.1\\r\\nhost: localhost\\r\\n\\r\\n');
    connected += 1;
    if (connected < count) return;
    Atomics.store(state, 0, 1);
    Atomics.notify(state, 0);
  });
  socket.on('error', () => undefined);
  socket.once('data', () => { answers += 1; });
  socket.once('close', () => {
    open -= 1;
    if (open === 0) parentPort.postMessage(answers);
  });
}
`;

it('a stop answers clients that have connected and were not accepted yet', async () => {
  const app = Fastify();
  await app.register(connectionsPlugin, { shutdownGraceMs: 60_000 });
  app.get('/', async () => 'done');
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const state = new Int32Array(new SharedArrayBuffer(4));
  const client = new Worker(CLIENT, { eval: true, workerData: { port, count: CLIENTS, state } });
  const answers = once(client, 'message');
  // The kernel takes the connections; this thread accepts none.
  expect(Atomics.wait(state, 0, 0, PATIENCE_MS)).not.toBe('timed-out');
  await app.close();
  expect(await answers).toEqual([CLIENTS]);
});
