import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fastifyPlugin from 'fastify-plugin';
import { Connections } from '../connections/connections.ts';
import { isSecure } from '../network/server.ts';

/** How long a stop waits for a first byte, ms: some clients connect before they have a request. */
const SILENT_MS = 1_000;
/** How long a stop waits for the rest of requests that have begun to arrive, ms; at most half of its grace. */
const UNFINISHED_MS = 5_000;

/**
 * How long a stop keeps connections that look idle, ms: the next request may be on its way. Node would close them unread.
 */
const IDLE_MS = 200;
const IDLE_CHECK_MS = 10;

/** A client that takes no byte of its answer for this long, once that was seen, loses its connection. */
const UNREAD_SILENCE_MS = 120_000;
/** Between two looks for such clients. */
const UNREAD_LOOK_MS = 15_000;

/** Between two looks for clients that send too slowly. */
const SLOW_LOOK_MS = 5_000;

/** Turns of the event loop without a new connection, after which none waits. */
const QUIET_TURNS = 3;
/** New connections may come without end. */
const MAX_TURNS = 10_000;

/** What holds for every connection: its requests take turns, and a client that still sends gets its answer. */
export const connectionsPlugin = fastifyPlugin<{ shutdownGraceMs: number }>(
  async (app, { shutdownGraceMs }) => {
    const connections = new Connections();
    app.decorate('connections', connections);
    // Of HTTPS, that which carries the requests.
    const opened = isSecure(app.server) ? 'secureConnection' : 'connection';
    app.server.on(opened, (socket: Socket) => connections.of(socket));
    app.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      continueWhenRead(request, response);
      app.server.emit('request', request, response);
    });
    app.addHook('onRequest', (request, reply, done) => {
      connections.of(request.raw.socket).enter(reply.raw, done);
    });

    const timers: NodeJS.Timeout[] = [
      setInterval(() => connections.boundUnread(UNREAD_SILENCE_MS), UNREAD_LOOK_MS).unref(),
      setInterval(() => connections.closeSlow(), SLOW_LOOK_MS).unref(),
    ];
    app.addHook('preClose', async () => {
      await acceptAll(app.server);
      connections.retire();
      const unfinishedMs = Math.min(UNFINISHED_MS, shutdownGraceMs / 2);
      timers.push(setTimeout(() => connections.closeSilent(), Math.min(SILENT_MS, unfinishedMs)));
      timers.push(setTimeout(() => connections.closeUnfinished(), unfinishedMs));
    });
    app.decorate('untilIdle', async () => {
      const mostMs = Math.min(IDLE_MS, shutdownGraceMs / 4);
      for (let ms = 0; ms < mostMs && !connections.isEmpty; ms += IDLE_CHECK_MS) await sleep(IDLE_CHECK_MS);
    });
    app.addHook('onClose', async () => timers.forEach(clearTimeout));
  },
  { name: 'connections' },
);

/**
 * Accepts the connections that clients have opened before the stop. Node accepts one in each turn of its event loop, and
 * resets those that wait when the server closes. Their first bytes are read in the turns after that.
 */
async function acceptAll(server: Server): Promise<void> {
  let hasAccepted = true;
  const onConnection = () => {
    hasAccepted = true;
  };
  server.on('connection', onConnection);
  for (let quietTurns = 0, turns = 0; quietTurns < QUIET_TURNS && turns < MAX_TURNS; turns += 1) {
    quietTurns = hasAccepted ? 0 : quietTurns + 1;
    hasAccepted = false;
    await new Promise(setImmediate);
  }
  server.off('connection', onConnection);
}

/** Asks for the body when it is first read: a client that gets an early answer need not send it. */
function continueWhenRead(request: IncomingMessage, response: ServerResponse): void {
  const { read } = request;
  request.read = (size) => {
    request.read = read;
    if (!response.headersSent) response.writeContinue();
    return request.read(size);
  };
}

declare module 'fastify' {
  interface FastifyInstance {
    connections: Connections;
    /** The last step before the server closes idle connections. What arrives until then is answered. */
    untilIdle(): Promise<void>;
  }
}
