import type { IncomingMessage, ServerResponse } from 'node:http';
import fastifyPlugin from 'fastify-plugin';
import { connectionOf } from '../connections/connection.ts';

/** What holds for every connection: its requests take turns, and a client that still sends gets its answer. */
export const connectionsPlugin = fastifyPlugin(
  async (app) => {
    app.addHook('onRequest', (request, reply, done) => {
      connectionOf(request.raw.socket).enter(reply.raw, done);
    });
    app.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      continueWhenRead(request, response);
      app.server.emit('request', request, response);
    });
  },
  { name: 'connections' },
);

/** Asks for the body when it is first read: a client that gets an early answer need not send it. */
function continueWhenRead(request: IncomingMessage, response: ServerResponse): void {
  const { read } = request;
  request.read = (size) => {
    request.read = read;
    if (!response.headersSent) response.writeContinue();
    return request.read(size);
  };
}
