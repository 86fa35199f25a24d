import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type { TlsPair } from '../../config/tls.ts';
import type { Config } from '../../config.ts';
import { Loop } from '../../maintenance/loop.ts';
import type { Observer } from '../../observer.ts';
import { refuseConnection } from '../client-errors.ts';
import { AddressLimit } from './address-limit.ts';
import { CertificateWatch } from './certificate-watch.ts';
import { addressTest, clientNetwork } from './client-network.ts';
import { ClientWaits } from './client-waits.ts';
import { corsPlugin } from './cors.ts';
import { guardPlugin } from './guard.ts';
import { Refusals } from './refusals.ts';
import { isSecure, secureOptions } from './server.ts';

/** Between two reports of refused connections, ms. */
const REPORT_MS = 10_000;

interface NetworkOptions {
  readonly config: Config;
  readonly tls: TlsPair | undefined;
  readonly observe: Observer;
}

/** Who may call, from which web pages, by which names, and how often at a time. */
export const networkPlugin = fastifyPlugin<NetworkOptions>(
  async (app, { config, tls, observe }) => {
    limitConnections(app, config, observe);
    if (tls !== undefined) reloadCertificate(app, config, tls, observe);
    const waits = new ClientWaits(config.maxWaitersPerClient);
    app.decorate('enterWait', (request, reply) => waits.enter(clientOf(request), reply.raw));
    app.decorate('tryEnterWait', (request, reply) => waits.tryEnter(clientOf(request), reply.raw));
    await app.register(guardPlugin, { ...config, isPrivate: config.auth === 'keys' });
    await app.register(corsPlugin, config);
  },
  { name: 'network', dependencies: ['connections', 'errors'] },
);

/** Whose waits are counted together. */
const clientOf = ({ caller, ip }: FastifyRequest): string => caller.id || clientNetwork(ip ?? '');

function limitConnections(app: FastifyInstance, config: Config, observe: Observer): void {
  const refusals = new Refusals(observe);
  app.server.on('drop', (dropped?: { remoteAddress?: string }) =>
    refusals.count('MAX_CONNECTIONS', dropped?.remoteAddress),
  );
  const { maxConnectionsPerAddress: most } = config;
  if (most > 0) {
    const limit = new AddressLimit(most, addressTest(config.trustProxy));
    app.server.on('connection', (socket: Socket) => {
      if (limit.enter(socket)) return;
      refusals.count('MAX_CONNECTIONS_PER_ADDRESS', socket.remoteAddress);
      // Before the handshake no answer can be read.
      if (isSecure(app.server)) socket.destroy();
      else refuseConnection(socket);
    });
  }
  const timer = setInterval(() => refusals.tell(), REPORT_MS).unref();
  app.addHook('onClose', async () => clearInterval(timer));
}

function reloadCertificate(app: FastifyInstance, config: Config, tls: TlsPair, observe: Observer): void {
  const { server } = app;
  if (!isSecure(server)) return;
  const watch = new CertificateWatch(
    config,
    tls,
    (pair) => server.setSecureContext(secureOptions(pair)),
    observe,
  );
  const loop = new Loop('certificate', watch.run, observe);
  app.addHook('onListen', async () => loop.start());
  app.addHook('preClose', () => loop.stop());
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Counts a request that may wait, or a stream, until its answer ends. @throws {AppError} too-many-waits. */
    enterWait(request: FastifyRequest, reply: FastifyReply): void;
    /** As `enterWait`; returns false instead of an error. */
    tryEnterWait(request: FastifyRequest, reply: FastifyReply): boolean;
  }
}
