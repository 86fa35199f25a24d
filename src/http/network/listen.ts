import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { isSecure } from './server.ts';

/** New connections that may wait to be accepted: a burst must not make the system refuse those of others. */
const BACKLOG = 4_096;

/**
 * Listens, and returns the address. `localhost` stands for each of its addresses: connections of the second one go to
 * the same server, so that the same limits and the same certificate hold for them.
 */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  const [first = host, ...others] =
    host === 'localhost' ? (await lookup(host, { all: true })).map(({ address }) => address) : [];
  const doors = others.map((address) => ({ address, door: doorTo(app) }));
  app.addHook('preClose', async () => {
    for (const { door } of doors) door.close();
  });
  const address = await app.listen({ host: first, port, backlog: BACKLOG });
  for (const { address: other, door } of doors) {
    const { port: opened } = app.server.address() as AddressInfo;
    door.listen({ host: other, port: opened, backlog: BACKLOG });
    // A machine may name an address that it does not have, such as ::1 without IPv6.
    await once(door, 'listening').catch(() => undefined);
  }
  return isSecure(app.server) ? address.replace(/^http:/, 'https:') : address;
}

/** Hands its connections to the server of the app, which expects them half open unless it decrypts them first. */
const doorTo = (app: FastifyInstance): Server =>
  createServer({ allowHalfOpen: !isSecure(app.server), noDelay: true }, (socket) => {
    app.server.emit('connection', socket);
  });
